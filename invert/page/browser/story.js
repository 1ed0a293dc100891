// The story's keys: → and ← turn the scenes, Esc closes it. Not where an arrow moves something else.
const PRESSED = { ArrowRight: "scene-next", ArrowLeft: "scene-back", Escape: "scene-close" };
whenThere(".scene", (scene) => showSide(scene.dataset.side));
addEventListener("keydown", (event) => {
  const key = PRESSED[event.key];
  if (!key || !document.querySelector(".scene") || event.ctrlKey || event.metaKey || event.altKey) return;
  const from = event.composedPath()[0];
  if (from.closest?.("[role=dialog], [data-testid=stPopoverBody]")) return;
  const moved = "input, textarea, [role=slider], [role=tab], [role=radio], [role=combobox]";
  if (event.key !== "Escape" && from.matches?.(moved)) return;
  document.querySelector(`.st-key-${key} button:not(:disabled)`)?.click();
});
