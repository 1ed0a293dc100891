// Streamlit puts new elements in at any time. Each is greeted once; a greeting that returns false
// comes again with the next change of the page.
const greetings = [];
function whenThere(selector, greet) {
  greetings.push({ selector, greet, known: new WeakSet() });
  lookForArrivals();
}
function lookForArrivals() {
  for (const { selector, greet, known } of greetings) {
    for (const element of document.querySelectorAll(selector)) {
      if (!known.has(element) && greet(element) !== false) known.add(element);
    }
  }
}
new MutationObserver(lookForArrivals).observe(document.body, { childList: true, subtree: true });

// What is being loaded is said again where the eye is.
whenThere(".status.again", (again) => {
  const said = document.querySelector(".st-key-status .status")?.innerHTML ?? "";
  if (again.dataset.said !== said) again.innerHTML = again.dataset.said = said;
  return false;
});
