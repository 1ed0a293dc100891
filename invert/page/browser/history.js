// Back and forward move between choices. Streamlit keeps each choice in the address, and reads the
// address again when one goes back; so all it takes is an entry of its own for each choice. The
// drawing is in the address too, but is no choice: whatever one goes back to, it stays.
const STAYS = ["drawing", "example"];
const entry = { push: history.pushState.bind(history), replace: history.replaceState.bind(history) };

function choicesOf(search) {
  const asked = new URLSearchParams(search);
  for (const name of STAYS) asked.delete(name);
  asked.sort();
  return asked.toString();
}
function keepEntry(state, title, address) {
  const to = new URL(address ?? location.href, location.href);
  const chose = navigator.userActivation?.hasBeenActive && choicesOf(to.search) !== choicesOf(location.search);
  entry[chose ? "push" : "replace"](state, title, address);
  drawn = new URLSearchParams(location.search);
}
let drawn = new URLSearchParams(location.search);
history.pushState = history.replaceState = keepEntry;
addEventListener("popstate", () => {
  const asked = new URLSearchParams(location.search);
  for (const name of STAYS) {
    if (drawn.has(name)) asked.set(name, drawn.get(name));
    else asked.delete(name);
  }
  const search = asked.toString();
  entry.replace(history.state, "", location.pathname + (search ? `?${search}` : ""));
});
