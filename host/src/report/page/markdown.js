// Pages of the catalogue, as nodes. They are written in a few forms of Markdown, and no others: headings, paragraphs,
// lists, tables, fenced code, and in a line code, links, and strong words. `deeper` is how many headings stand above it.

function markdown(text, link, deeper) {
  const lines = text.split("\n");
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const [node, next] = block(lines, at, link, deeper);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function block(lines, at, link, deeper) {
  const line = lines[at];
  if (line.trim() === "") return [null, at + 1];
  const heading = line.match(/^(#{1,6}) (.*)/);
  if (heading) return [el("h" + Math.min(6, heading[1].length + deeper), {}, inline(heading[2], link)), at + 1];
  if (line.startsWith("```")) return fenced(lines, at);
  if (line.startsWith("|")) return table(lines, at, link);
  if (line.startsWith("- ")) return bullets(lines, at, link);
  const end = until(lines, at, (next) => next.trim() === "" || /^(#|```|\||- )/.test(next));
  return [el("p", {}, inline(lines.slice(at, end).join(" "), link)), end];
}

function until(lines, at, stops) {
  let end = at + 1;
  while (end < lines.length && !stops(lines[end])) end += 1;
  return end;
}

function fenced(lines, at) {
  const end = until(lines, at, (line) => line.startsWith("```"));
  return [el("pre", { tabindex: "0" }, el("code", {}, lines.slice(at + 1, end).join("\n"))), end + 1];
}

function table(lines, at, link) {
  const end = until(lines, at, (line) => !line.startsWith("|"));
  const rows = lines.slice(at, end).map((line) => line.slice(1, line.lastIndexOf("|")).split("|").map((cell) => cell.trim()));
  const [head, , ...body] = rows;
  const line = (cells, tag, props) => el("tr", {}, cells.map((cell) => el(tag, props, inline(cell, link))));
  return [el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Facts" }, el("table", {}, el("thead", {}, line(head, "th", { scope: "col" })), el("tbody", {}, body.map((cells) => line(cells, "td", {}))))), end];
}

function bullets(lines, at, link) {
  const items = [];
  let next = at;
  while (next < lines.length && lines[next].startsWith("- ")) {
    const end = until(lines, next, (line) => line.trim() === "" || line.startsWith("- ") || !line.startsWith("  "));
    items.push(lines.slice(next, end).map((line) => line.slice(2)).join(" "));
    next = end;
  }
  return [el("ul", {}, items.map((item) => el("li", {}, inline(item, link)))), next];
}

function inline(text, link) {
  const parts = [];
  const forms = /`([^`]+)`|\[([^\]]+)\]\(([^)]+)\)|\*\*([^*]+)\*\*/g;
  let last = 0;
  for (const found of text.matchAll(forms)) {
    parts.push(text.slice(last, found.index));
    if (found[1] !== undefined) parts.push(el("code", {}, found[1]));
    else if (found[2] !== undefined) parts.push(link(inline(found[2], link), found[3]));
    else parts.push(el("strong", {}, found[4]));
    last = found.index + found[0].length;
  }
  parts.push(text.slice(last));
  return parts;
}
