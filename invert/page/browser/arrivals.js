// Streamlit puts new elements in at any time.
const known = new WeakSet();
function look() {
  for (const host of document.querySelectorAll(".st-key-easel *")) {
    if (host.shadowRoot && !known.has(host.shadowRoot)) {
      known.add(host.shadowRoot);
      dressCanvas(host.shadowRoot);
      new MutationObserver(() => dressCanvas(host.shadowRoot)).observe(host.shadowRoot,
        { childList: true, subtree: true });
    }
  }
  for (const player of document.querySelectorAll(".player[data-film]")) {
    if (known.has(player)) continue;
    known.add(player);
    follow(player);
  }
  // What is being loaded, said again where the eye is.
  const said = document.querySelector(".st-key-status .status")?.innerHTML ?? "";
  for (const again of document.querySelectorAll(".status.again")) {
    if (again.dataset.said === said) continue;
    again.dataset.said = said;
    again.innerHTML = said;
  }
  document.querySelector(".st-key-answer")?.setAttribute("aria-live", "polite");
}
new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
look();
