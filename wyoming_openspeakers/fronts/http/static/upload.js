/** Sends a request and tells how much of it is on its way, which `fetch` does not. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** As `fetch(address, options)`; calls `onProgress` with 0 to 1 while the body is sent. */
export function upload(address, { method, headers, body, signal }, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.responseType = "blob";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      const { status, statusText, response } = request;
      const told = request.getAllResponseHeaders().trim().split("\r\n").map((line) => line.split(": ", 2));
      resolve(new Response(WITHOUT_BODY.has(status) ? null : response, { status, statusText, headers: told }));
    };
    request.onerror = () => reject(new TypeError("The network is down"));
    request.onabort = () => reject(new DOMException("It was given up", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    if (signal?.aborted) request.onabort();
    else request.send(body);
  });
}
