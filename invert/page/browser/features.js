// The table of a network's features. What is changed in it goes to the server: while a slider moves,
// where it stands now, as soon as the last was answered. A script of a component of its own, for
// only components can send.
const REST = 100, PATIENCE = 3000; // milliseconds: between an answer and the next; until one is lost
const kept = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector(".features");
  if (!kept.has(place)) kept.set(place, { asked: data.answered, waiting: false });
  const table = kept.get(place);
  table.send = setTriggerValue;
  if (table.of !== data.of || table.revision !== data.revision) build(place, table, data);
  if (table.waiting && data.answered >= table.asked) {
    clearTimeout(table.timer);
    setTimeout(() => { table.waiting = false; if (table.more) ask(table); }, REST);
  }
}

const figures = (number) => Math.max(4, Math.ceil(Math.log10(Math.abs(number) + 1)));
const short = (number) => (number === null ? "" : String(Number(number.toPrecision(Math.min(15, figures(number))))));
const read = (text) => {
  const number = Number(text.trim().replace(",", ".").replace("−", "-"));
  return text.trim() === "" || !Number.isFinite(number) ? null : number;
};
function made(parent, tag, attributes, text) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return parent.appendChild(element);
}

function build(place, table, data) {
  const focused = document.activeElement?.closest?.(".feature [data-part]");
  const again = focused && `[data-place="${focused.closest(".feature").dataset.place}"] [data-part="${focused.dataset.part}"]`;
  Object.assign(table, { of: data.of, revision: data.revision, place,
    rows: data.rows.map((row) => [...row]), values: [...data.values], held: new Set(data.held) });
  place.replaceChildren();
  const head = made(place, "div", { class: "feature head", "aria-hidden": true });
  for (const [part, words] of [["name", "input"], ["low", "lowest"], ["way", ""], ["high", "highest"],
    ["now", "now"], ["kind", "is"], ["hold", "hold"]]) made(head, "span", { class: part }, words);
  table.rows.forEach((row, number) => {
    const line = made(place, "div", { class: "feature", "data-place": number, role: "group" });
    const text = (part, value, label, more = {}) => {
      const field = made(line, "input", { class: part, "data-part": part, type: "text",
        "aria-label": `${label} of feature ${number + 1}`, autocomplete: "off", spellcheck: false, ...more });
      field.value = value;
      field.addEventListener("change", () => changed(table, number, part, field));
      return field;
    };
    const numeric = { inputmode: "decimal" };
    text("name", row[0], "Name", { maxlength: 40 });
    text("low", short(row[1]), "Lowest value", numeric);
    made(line, "span", { class: "way" });
    text("high", short(row[2]), "Highest value", numeric);
    text("now", "", "Value", numeric);
    const kind = made(line, "select", { class: "kind", "data-part": "kind", "aria-label": `What feature ${number + 1} is` });
    for (const each of data.kinds) {
      const words = { any: "number", whole: "whole" }[each] ?? `one of ${each}`;
      made(kind, "option", { value: each }, words);
    }
    kind.value = row[3];
    kind.addEventListener("change", () => { row[3] = kind.value; ways(table); ask(table, true); });
    const hold = made(made(line, "label", { class: "hold" }), "input", { type: "checkbox", "data-part": "hold" });
    hold.checked = table.held.has(number);
    hold.addEventListener("change", () => {
      table.held[hold.checked ? "add" : "delete"](number);
      shown(table);
      ask(table, true);  // whoever finds inputs next means it
    });
  });
  table.said = made(place, "p", { class: "said", role: "status" });
  ways(table);
  if (again) place.querySelector(again)?.focus();
}

// Sliders, or of a group of which one is chosen, buttons of which one is on.
function ways(table) {
  const groups = {};
  table.rows.forEach(([, , , kind], number) => { if (kind.length === 1) (groups[kind] ??= []).push(number); });
  table.rows.forEach(([name, low, high, kind], number) => {
    const way = table.place.querySelector(`[data-place="${number}"] .way`);
    const group = groups[kind]?.length > 1 ? kind : "";
    way.replaceChildren();
    const field = made(way, "input", group
      ? { type: "radio", name: `one-of-${group}`, "data-part": "way" }
      : { type: "range", "data-part": "way" });
    if (!group) {
      const step = kind === "whole" ? 1 : "any";
      Object.assign(field, { min: low, max: high, step });
      field.disabled = low === null || high === null || !(low < high);
    }
    field.addEventListener("input", () => {
      table.values[number] = group ? high : Number(field.value);
      for (const other of group ? groups[kind] : []) {
        if (other !== number) table.values[other] = table.rows[other][1];
      }
      shown(table);
      ask(table);
    });
  });
  shown(table);
}

function changed(table, number, part, field) {
  const row = table.rows[number];
  table.said.textContent = "";
  if (part === "name") row[0] = field.value;
  else if (part === "now") {
    const value = read(field.value), [name, low, high] = row;
    const inside = value !== null && low <= value && value <= high;
    if (!inside) table.said.textContent = `${name} goes from ${short(low)} to ${short(high)}.`;
    if (value !== null) table.values[number] = Math.min(high, Math.max(low, value));
  } else {
    row[part === "low" ? 1 : 2] = read(field.value);
    ways(table);
  }
  shown(table);
  ask(table, true);
}

// What is shown follows what is known.
function shown(table) {
  table.rows.forEach(([name, low, high], number) => {
    const line = table.place.querySelector(`.feature[data-place="${number}"]`);
    const value = table.values[number], field = line.querySelector(".way input");
    line.setAttribute("aria-label", name);
    field.setAttribute("aria-label", field.type === "radio" ? `${name} is the one` : `${name}, from ${short(low)} to ${short(high)}`);
    if (field.type === "radio") field.checked = value >= high;
    else if (Number(field.value) !== value) field.value = value;
    field.style.setProperty("--share", high > low ? (value - low) / (high - low) : 0.5);
    const now = line.querySelector(".now");
    if (document.activeElement !== now) now.value = short(value);
    line.classList.toggle("held", table.held.has(number));
    line.querySelector(".hold input").setAttribute("aria-label", `Hold ${name} where it is`);
  });
  window.invertInputs = [...table.values];
  dispatchEvent(new CustomEvent("inputs-moved"));
}

// Tell the server how things stand: at once, or when it has answered what it was told before.
function ask(table, atOnce = false) {
  table.more = table.waiting && !atOnce;
  if (table.more) return;
  clearTimeout(table.timer);
  table.waiting = true;
  table.asked += 1;
  table.send("told", { number: table.asked, of: table.of, rows: table.rows, values: table.values, held: [...table.held] });
  table.timer = setTimeout(() => { table.waiting = false; if (table.more) ask(table); }, PATIENCE);
}
