"use strict";
// What belongs together is in the page's attributes; this shows it, and lets clicks and keys choose.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const sheet = document.querySelector(".sheet");
const find = document.querySelector(".find input");
const status = document.querySelector(".status");
const summary = status.textContent;

// In the order of the text, article after article.
const quotations = all(".article").flatMap((article) =>
  all(".call", article)
    .map((call) => {
      const { number } = call.dataset;
      const entry = article.querySelector(`.entry[data-quotation="${number}"]`);
      const pieces = all(`.quotation[data-quotation="${number}"]`, article);
      return { article, call, number, entry, pieces, speaker: entry.closest(".speaker"), type: entry.dataset.type };
    })
    .sort((one, other) => one.number - other.number),
);
const owners = new Map(
  quotations.flatMap((quotation) => [quotation.call, quotation.entry, ...quotation.pieces].map((element) => [element, quotation])),
);
const quotationAt = (element) => owners.get(element.closest(".quotation, .call, .entry")) ?? null;

// --- Showing what belongs to a quotation

let chosen = null; // clicked or focused
let shown = null; // that one, or the one under the pointer

function show(quotation) {
  if (shown === quotation) return;
  if (shown !== null) {
    for (const element of all("[data-active]", shown.article)) delete element.dataset.active;
    shown.article.querySelector(".arcs").remove();
  }
  shown = quotation;
  if (quotation === null) return;
  const { article, call, number, pieces, speaker } = quotation;
  const text = article.querySelector(".text");
  const words = (role, value) => all(`.words[data-${role}~="${value}"]`, text);
  const activate = (elements, role) => {
    for (const { dataset } of elements) dataset.active = `${dataset.active ?? ""} ${role}`.trim();
    return elements;
  };
  text.style.setProperty("--active", getComputedStyle(speaker).getPropertyValue("--speaker"));
  activate([...pieces, call], "quotation");
  const cues = activate(words("cue", number), "cue");
  const sources = activate(words("source", number), "source");
  const names = activate(words("name", speaker.dataset.speaker), "mention");
  activate(words("mention", speaker.dataset.speaker), "mention");
  drawArcs(text, pieces, cues, sources, names);
}

function drawArcs(text, pieces, cues, sources, names) {
  const origin = text.getBoundingClientRect();
  const boxes = (elements) =>
    elements
      .flatMap((element) => [...element.getClientRects()])
      .map((box) => ({
        left: box.left - origin.left,
        right: box.right - origin.left,
        middle: (box.left + box.right) / 2 - origin.left,
        top: box.top - origin.top,
        bottom: box.bottom - origin.top,
      }));
  const content = boxes(pieces);
  const arcs = [];
  if (cues.length) arcs.push(arc(content, boxes(cues), "cue"));
  if (sources.length) arcs.push(arc(content, boxes(sources), "source"));
  // A pronoun or a function leads on to the nearest words that name the speaker.
  if (names.length && !sources.some((source) => names.includes(source))) {
    arcs.push(arc(sources.length ? boxes(sources) : content, boxes(names), "name"));
  }
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "arcs");
  drawing.setAttribute("aria-hidden", "true");
  drawing.innerHTML = arcs.join("");
  text.append(drawing);
}

// From the nearer end of some boxes to the nearest of others: over the words of one line, between the lines otherwise.
function arc(from, to, role) {
  const ends = [
    { x: from[0].left + 3, box: from[0] },
    { x: from.at(-1).right - 3, box: from.at(-1) },
  ];
  const distance = ([{ x, box }, target]) => Math.abs(x - target.middle) + 4 * Math.abs(box.top - target.top);
  const [{ x, box }, target] = ends
    .flatMap((end) => to.map((target) => [end, target]))
    .reduce((best, pair) => (distance(pair) < distance(best) ? pair : best));
  const isOneLine = Math.abs(box.top - target.top) < (box.bottom - box.top) / 2;
  const isBelow = !isOneLine && target.top > box.top;
  const y = isBelow ? box.bottom : box.top;
  const yEnd = isBelow || isOneLine ? target.top : target.bottom;
  const bend = isOneLine ? -Math.min(14, 5 + Math.abs(target.middle - x) / 16) : (yEnd - y) / 2;
  const yBendEnd = isOneLine ? yEnd + bend : yEnd - bend;
  return (
    `<path class="${role}" d="M${x} ${y}C${x} ${y + bend} ${target.middle} ${yBendEnd} ${target.middle} ${yEnd}"/>` +
    `<circle cx="${target.middle}" cy="${yEnd}" r="2.5"/>`
  );
}

// --- Choosing one

function choose(quotation, { focus = false, scroll = false } = {}) {
  chosen?.entry.removeAttribute("aria-current");
  chosen = quotation;
  show(quotation);
  sheet.hidden = quotation === null;
  if (quotation === null) return;
  const { call, entry, pieces, speaker } = quotation;
  entry.setAttribute("aria-current", "true");
  fillSheet(speaker, entry);
  if (focus) call.focus({ preventScroll: true });
  if (scroll) pieces[0].scrollIntoView({ block: "center" });
  else call.scrollIntoView({ block: "nearest" });
  reveal(entry, speaker);
}

// Beside the text: scrolls the list, and only as it must, to the speaker's name where the entry fits below it; and the page by
// what the list still stands outside the window.
function reveal(entry, speaker) {
  const aside = entry.closest("aside");
  if (getComputedStyle(aside).position !== "sticky") return;
  const list = aside.getBoundingClientRect();
  const top = Math.max(0, list.top);
  const end = Math.min(list.bottom, innerHeight);
  const box = entry.getBoundingClientRect();
  if (box.top < top || box.bottom > end) {
    const head = speaker.getBoundingClientRect().top;
    aside.scrollTop += box.bottom - head + 16 < end - top ? head - top - 8 : box.top - (top + end) / 2;
  }
  const scrolled = entry.getBoundingClientRect();
  scrollBy(0, Math.max(0, scrolled.bottom + 8 - innerHeight) + Math.min(0, scrolled.top - 8));
}

// On a narrow screen the entry is far from its quotation, and is shown below it.
function fillSheet(speaker, entry) {
  const copy = speaker.cloneNode(true);
  for (const other of all(".entry", copy)) {
    if (other.dataset.quotation !== entry.dataset.quotation) other.remove();
    other.removeAttribute("id");
    other.removeAttribute("aria-current");
  }
  for (const button of all("button", copy)) button.replaceWith(...button.childNodes);
  sheet.querySelector(".chosen").replaceChildren(copy);
}

function move(step) {
  const open = quotations.filter((quotation) => !quotation.entry.hidden);
  if (!open.length) return;
  const at = open.indexOf(chosen);
  const next = at < 0 ? (step > 0 ? 0 : open.length - 1) : (at + step + open.length) % open.length;
  choose(open[next], { focus: true, scroll: true });
}

// --- Filters

const wanted = { types: new Set(), speaker: null };
const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const searched = new Map(
  all(".article .speaker").map((speaker) => [
    speaker,
    plain(all(".name, .role, .institution, .forms", speaker).map((element) => element.textContent).join(" ")),
  ]),
);

function filter() {
  const words = plain(find.value).split(/\s+/u).filter(Boolean);
  const isWanted = ({ type, speaker }) =>
    (wanted.types.size === 0 || wanted.types.has(type)) &&
    (wanted.speaker === null || wanted.speaker === speaker) &&
    words.every((word) => searched.get(speaker).includes(word));
  for (const quotation of quotations) {
    const isOff = !isWanted(quotation);
    for (const element of [quotation.call, ...quotation.pieces]) element.toggleAttribute("data-off", isOff);
    quotation.entry.hidden = isOff;
  }
  // Another speaker's name stays, to be chosen instead; what a search does not find goes.
  for (const [speaker, said] of searched) {
    speaker.hidden = !words.every((word) => said.includes(word));
    speaker.querySelector(".name button").setAttribute("aria-pressed", String(speaker === wanted.speaker));
  }
  for (const article of all(".article")) {
    const isEmpty = words.length > 0 && !quotations.some((quotation) => quotation.article === article && !quotation.entry.hidden);
    article.hidden = isEmpty;
    document.querySelector(`.contents a[href="#${article.id}"]`)?.closest("li").toggleAttribute("hidden", isEmpty);
  }
  for (const button of all(".types button")) button.setAttribute("aria-pressed", String(wanted.types.has(button.dataset.type)));
  const left = quotations.filter((quotation) => !quotation.entry.hidden).length;
  status.textContent = left === quotations.length ? summary : `${left} sur ${quotations.length} citations`;
  if (chosen?.entry.hidden) choose(null);
}

function showAll() {
  wanted.types.clear();
  wanted.speaker = null;
  find.value = "";
  filter();
  choose(null);
}

// --- Clicks and keys

document.addEventListener("click", (event) => {
  const { target } = event;
  const button = target.closest("button");
  if (button?.dataset.move) {
    const step = Number(button.dataset.move);
    if (step) move(step);
    else choose(null);
  } else if (button?.dataset.type) {
    const { type } = button.dataset;
    if (!wanted.types.delete(type)) wanted.types.add(type);
    filter();
  } else if (button) {
    const speaker = button.closest(".speaker");
    wanted.speaker = wanted.speaker === speaker ? null : speaker;
    filter();
    const first = quotations.find((quotation) => quotation.speaker === wanted.speaker && !quotation.entry.hidden);
    if (first) choose(first, { scroll: true });
  } else if (getSelection().isCollapsed) {
    const quotation = quotationAt(target);
    if (quotation !== null) {
      event.preventDefault();
      history.replaceState(null, "", quotation.call.hash);
      choose(quotation, { focus: true, scroll: target.closest(".entry") !== null });
    } else if (target.closest(".text")) choose(null);
  }
});
document.addEventListener("pointerover", ({ target, pointerType }) => {
  if (pointerType === "mouse") show(quotationAt(target) ?? chosen);
});
document.addEventListener("focusin", ({ target }) => {
  // By a key: a pointer that focuses has not clicked yet, and what scrolls under it would not be clicked.
  if (target.matches(".call:focus-visible") && owners.get(target) !== chosen) choose(owners.get(target));
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isOnCall = document.activeElement.matches(".call");
  if (event.key === "Escape") {
    showAll();
    document.activeElement.blur();
  } else if (event.target === find) {
    if (event.key !== "Enter") return;
    move(1);
  } else if (event.key === "j" || (isOnCall && event.key === "ArrowRight")) move(1);
  else if (event.key === "k" || (isOnCall && event.key === "ArrowLeft")) move(-1);
  else if (event.key === "/") find.focus();
  else return;
  event.preventDefault();
});
find.addEventListener("input", filter);
addEventListener("resize", () => {
  const again = shown;
  show(null);
  show(again);
});
choose(quotations.find(({ call }) => location.hash && [call.hash, `#${call.id}`].includes(location.hash)) ?? null, { scroll: true });
