/** Sets the colours before the first picture is drawn. */
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("openspeakers.theme");
  } catch {
    // Storage may be closed in a frame: then the system's colours it is.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
