// Makes elements. Every text goes through visible() into a text node: nothing that a skill, an upstream or a user wrote
// is ever read as markup.

// Controls, marks that turn the direction of text, and ends of lines that are none: all that would be seen as something else.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

// Text with what nobody would see spelled out.
function visible(text) {
  return String(text).replace(HIDDEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

// An element with properties and children. Children are nodes, texts, lists of them, or nothing.
function el(tag, props, ...children) {
  const node = document.createElement(tag);
  setProps(node, props);
  append(node, children);
  return node;
}

// The same for a drawing.
function svg(tag, props, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setProps(node, props);
  append(node, children);
  return node;
}

function setProps(node, props) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "css") Object.entries(value).forEach(([key, to]) => node.style.setProperty(key, to));
    else node.setAttribute(name, value === true ? "" : visible(value));
  }
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
}

// Puts other children into an element.
function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

// Text that others wrote, of which nobody knows the direction.
function bdi(text, cls) {
  return el("bdi", { class: cls }, text);
}

function button(label, onclick, props) {
  return el("button", { type: "button", onclick, ...props }, label);
}

// Something small that says in words what its colour says as well.
function chip(look, ...words) {
  return el("span", { class: "chip " + look.cls }, el("span", { class: "icon", "aria-hidden": "true" }, look.icon), words.length ? words : look.word);
}

// Calls back at most once a frame, with the last of what was asked for.
function eachFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; work(); });
  };
}

let lastId = 0;
function freshId(prefix) {
  lastId += 1;
  return prefix + "-" + lastId;
}

// A part of the page with a heading.
function section(title, props, ...children) {
  const id = freshId("part");
  return el("section", { "aria-labelledby": id, ...props }, el("h2", { id }, title), children);
}

// Says something to whoever cannot see the page change.
function announce(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = visible(text);
}

// Copies a text, and says so on the button itself.
function copyButton(text, what) {
  const node = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text());
      node.textContent = "Copied";
    } catch {
      node.textContent = "Not copied";
    }
    setTimeout(() => { node.textContent = "Copy"; }, 1500);
  }, { class: "small", "aria-label": "Copy " + what });
  return node;
}
