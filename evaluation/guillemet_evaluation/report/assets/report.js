"use strict";
// What became of each quotation is in the page's attributes; this shows it, and lets clicks and keys choose.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const articles = document.getElementById("articles");
const tools = articles.querySelector(".tools");
const outlet = tools.querySelector("select");
const status = tools.querySelector(".status");
const buttons = all("button", tools);

const pairs = all(".pair").map((row) => {
  const article = row.closest(".judged");
  const pieces = all(`.text [data-pair="${row.dataset.pair}"]`, article);
  const call = document.getElementById(`${row.id}-call`);
  return { article, row, pieces, call, outcomes: row.dataset.outcomes.split(","), types: row.dataset.types.split(",") };
});
const owners = new Map(
  pairs.flatMap((pair) => [pair.row, ...pair.pieces, ...(pair.call ? [pair.call] : [])].map((element) => [element, pair])),
);
const pairAt = (element) => owners.get(element.closest(".pair, .gold, .predicted, .call")) ?? null;
const marked = ({ pieces, call }) => [...pieces, ...(call ? [call] : [])];

let chosen = null;
let shown = null;

function show(pair) {
  if (shown !== null) for (const element of marked(shown)) element.removeAttribute("data-active");
  shown = pair;
  if (pair !== null) for (const element of marked(pair)) element.setAttribute("data-active", "");
}

function choose(pair, { scroll = false } = {}) {
  chosen?.row.removeAttribute("aria-current");
  chosen = pair;
  show(pair);
  if (pair === null) return;
  pair.row.setAttribute("aria-current", "true");
  if (!scroll) return;
  const centre = () => pair.row.scrollIntoView({ block: "center" });
  centre();
  requestAnimationFrame(centre); // articles have their true heights only once they are near
}

function move(step) {
  const open = pairs.filter(({ row, article }) => !row.hidden && !article.hidden);
  if (!open.length) return;
  // From the chosen one, or from what stands below the filters, which stay on the screen.
  const top = tools.getBoundingClientRect().bottom;
  const isAhead = ({ row, article }) => article.getBoundingClientRect().bottom > top && row.getBoundingClientRect().top >= top;
  const ahead = open.findIndex(isAhead);
  const at = chosen === null ? (ahead < 0 ? open.length : ahead) - (step > 0) : open.indexOf(chosen);
  const next = open[(at + step + open.length) % open.length];
  choose(next, { scroll: true });
  next.row.querySelector(".number").focus({ preventScroll: true });
}

function filter() {
  const pressed = (name) => buttons.filter((button) => button.ariaPressed === "true" && name in button.dataset).map(({ dataset }) => dataset[name]);
  const [outcomes, types] = [pressed("outcome"), pressed("type")];
  const any = (wanted, own) => wanted.length === 0 || wanted.some((value) => own.includes(value));
  const isFiltered = outcomes.length + types.length > 0;
  articles.toggleAttribute("data-filtered", isFiltered || outlet.value !== "");
  const left = new Map();
  for (const pair of pairs) {
    const isOff = !any(outcomes, pair.outcomes) || !any(types, pair.types);
    pair.row.hidden = isOff;
    for (const element of marked(pair)) element.toggleAttribute("data-off", isOff);
    if (!isOff) left.set(pair.article, (left.get(pair.article) ?? 0) + 1);
  }
  let [nArticles, nPairs] = [0, 0];
  for (const article of all(".judged")) {
    article.hidden = (outlet.value !== "" && article.dataset.outlet !== outlet.value) || (isFiltered && !left.has(article));
    if (article.hidden) continue;
    nArticles += 1;
    nPairs += left.get(article) ?? 0;
  }
  status.textContent = `${nPairs} of ${pairs.length} quotations in ${nArticles} articles`;
  if (chosen?.row.hidden || chosen?.article.hidden) choose(null);
}

function toggle(button) {
  button.ariaPressed = String(button.ariaPressed !== "true");
  filter();
}

function showAll() {
  for (const button of buttons) button.ariaPressed = "false";
  outlet.value = "";
  filter();
  choose(null);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".tools button");
  if (button) return toggle(button);
  const pair = getSelection().isCollapsed ? pairAt(event.target) : null;
  if (pair === null) return;
  event.preventDefault();
  choose(pair);
  if (event.target.closest(".pair")) pair.pieces[0]?.scrollIntoView({ block: "nearest" });
  else pair.row.scrollIntoView({ block: "nearest" });
});
document.addEventListener("pointerover", ({ target, pointerType }) => {
  if (pointerType === "mouse") show(pairAt(target) ?? chosen);
});
document.addEventListener("focusin", ({ target }) => {
  if (target.matches(".call, .number")) choose(pairAt(target));
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    showAll();
    document.activeElement.blur();
    return;
  }
  if (event.target === outlet) return;
  const button = buttons.find((button) => button.querySelector("kbd").textContent === event.key);
  if (button) toggle(button);
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "o") outlet.focus();
  else return;
  event.preventDefault();
});
outlet.addEventListener("change", filter);
filter();
