/** Sets the colours before the first picture is drawn: those that were chosen here, or the system's, as they change. */
{
  const darkness = matchMedia("(prefers-color-scheme: dark)");

  const paint = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem("openspeakers.theme");
    } catch {
      // Storage may be closed in a frame: then the system's colours it is.
    }
    const isChosen = chosen === "light" || chosen === "dark";
    document.documentElement.dataset.theme = isChosen ? chosen : darkness.matches ? "dark" : "light";
  };

  darkness.addEventListener("change", paint);
  paint();
}
