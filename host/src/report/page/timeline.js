// The timeline: a row a step, and what is below it, over time. Only rows in sight are nodes of the page, so that ten
// thousand steps scroll as three do. It is a tree grid by the ARIA Authoring Practices: arrows move, open and close.

const ROW_HEIGHT = 26;

// Rows that are made beyond the edges of what is seen, and rows that are printed.
const BEYOND = 6;
const MOST_PRINTED = 400;

class Timeline {
  constructor(model, span, actions, signal) {
    Object.assign(this, { model, span, actions });
    this.rows = new Rows(model);
    this.current = 0;
    this.marked = new Set();
    this.canvas = new Overview(model, span);
    this.scale = el("div", { class: "scale", "aria-hidden": "true" });
    this.grid = el("div", {
      class: "grid", role: "treegrid", "aria-label": "Timeline of steps, attempts and calls", "aria-colcount": "2",
      onkeydown: (event) => this.key(event),
    });
    this.port = el("div", { class: "port", onscroll: eachFrame(() => this.draw()) }, this.grid);
    this.node = section("Timeline", { class: "timeline" }, this.tools(), this.canvas.node, this.scale, this.port, legend());
    this.dragged(signal);
    this.span.watch(eachFrame(() => this.draw()));
    addEventListener("resize", eachFrame(() => this.draw()), { signal });
    addEventListener("beforeprint", () => this.draw(true), { signal });
    addEventListener("afterprint", () => this.draw(), { signal });
  }

  tools() {
    const filter = el("input", { type: "search", placeholder: "step, skill, target, code", "aria-label": "Show rows with", oninput: () => this.narrow() });
    const failures = el("input", { type: "checkbox", onchange: () => this.narrow() });
    this.fields = { filter, failures };
    const label = el("label", {}, failures, " only what failed");
    const zoom = (sign, factor, words) => button(sign, () => this.span.zoom(factor), { class: "small", "aria-label": words, title: words });
    return el("div", { class: "tools" }, filter, label, el("span", { class: "push" }),
      zoom("+", 0.5, "Look closer"), zoom("−", 2, "Look from further away"),
      button("◀", () => this.span.pan(-0.25), { class: "small", "aria-label": "Earlier" }),
      button("▶", () => this.span.pan(0.25), { class: "small", "aria-label": "Later" }),
      button("All", () => this.span.all(), { class: "small", "aria-label": "Show all of the time" }));
  }

  narrow() {
    this.rows.filter = this.fields.filter.value.trim().toLowerCase();
    this.rows.onlyFailures = this.fields.failures.checked;
    this.current = 0;
    this.update();
    announce(count(this.rows.list.length, "row"));
  }

  // The run has changed, or what is open of it.
  update() {
    this.rows.build();
    this.current = Math.min(this.current, Math.max(this.rows.list.length - 1, 0));
    this.canvas.update();
    this.draw();
  }

  now() {
    return this.model.head.took_us;
  }

  draw(whole) {
    const all = this.rows.list;
    const height = this.port.clientHeight || 400;
    const first = whole ? 0 : Math.max(0, Math.floor(this.port.scrollTop / ROW_HEIGHT) - BEYOND);
    const last = whole ? Math.min(all.length, MOST_PRINTED) : Math.min(all.length, first + Math.ceil(height / ROW_HEIGHT) + 2 * BEYOND);
    const focused = this.grid.contains(document.activeElement);
    this.grid.style.height = (whole ? last : all.length) * ROW_HEIGHT + "px";
    this.grid.setAttribute("aria-rowcount", all.length);
    fill(this.grid, all.slice(first, last).map((row, at) => this.row(row, first + at)));
    if (all.length === 0) fill(this.grid, el("div", { role: "row", class: "none" }, el("div", { role: "gridcell" }, "No step fits.")));
    if (focused) this.focusRow(false);
    this.drawScale();
  }

  drawScale() {
    fill(this.scale, this.span.ticks(this.scale.clientWidth).map(([at, words]) =>
      el("span", { css: { left: this.span.place(at) * 100 + "%" } }, words)));
  }

  row(row, at) {
    const now = this.now();
    const expanded = row.open === null ? {} : { "aria-expanded": String(row.open) };
    const track = el("div", { class: "track", role: "gridcell" });
    drawBars(track, barsOf(row, now), this.span);
    const mark = this.marked.has(row.key);
    track.append(el("span", { class: "unseen" }, rowWords(row, now) + (mark ? ". Here the journals part." : "")));
    return el("div", {
      class: "row " + row.kind + (mark ? " marked" : ""), role: "row", "aria-level": row.level, "aria-rowindex": at + 1, ...expanded,
      tabindex: at === this.current ? "0" : "-1", "data-row": at, css: { top: at * ROW_HEIGHT + "px" },
      onclick: (event) => this.click(event, at),
    }, this.label(row), track);
  }

  label(row) {
    const { look, name, more } = labelOf(row);
    const opener = el("span", { class: "opener", "aria-hidden": "true" }, row.open === null ? "" : row.open ? "▾" : "▸");
    const mark = this.marked.has(row.key) ? el("span", { class: "differs" }, "≠ ") : null;
    return el("div", { class: "label", role: "rowheader", title: name + (more ? " " + more : ""), css: { "padding-left": (row.level - 1) * 14 + "px" } },
      opener, el("span", { class: "icon " + look.cls, title: look.word }, look.icon), " ", mark, bdi(name), more ? el("small", {}, " ", bdi(more)) : null);
  }

  click(event, at) {
    this.current = at;
    const row = this.rows.list[at];
    if (row.open !== null && event.target.closest(".opener")) this.toggle(row, !row.open);
    else this.actions.show(row);
  }

  toggle(row, open) {
    this.rows.toggle(row, open);
    this.update();
    this.focusRow(true);
  }

  key(event) {
    const row = this.rows.list[this.current];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.port.clientHeight / ROW_HEIGHT) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const looks = { "+": () => this.span.zoom(0.5), "-": () => this.span.zoom(2), 0: () => this.span.all(), "[": () => this.span.pan(-0.25), "]": () => this.span.pan(0.25) };
    if (event.key in moves) this.move(moves[event.key]);
    else if (event.key in looks) looks[event.key]();
    else if (event.key === "ArrowRight" && row.open === false) this.toggle(row, true);
    else if (event.key === "ArrowLeft") this.close(row);
    else if (event.key === "Enter" || event.key === " ") this.actions.show(row);
    else return;
    event.preventDefault();
  }

  close(row) {
    if (row.open) return this.toggle(row, false);
    const above = this.rows.list.slice(0, this.current).findLastIndex((other) => other.level < row.level);
    if (above >= 0) this.move(above - this.current);
  }

  move(by) {
    this.current = Math.min(Math.max(this.current + by, 0), this.rows.list.length - 1);
    this.focusRow(true);
  }

  // Shows the row that has the focus, or is to have it.
  focusRow(scroll) {
    const top = this.current * ROW_HEIGHT;
    if (scroll && (top < this.port.scrollTop || top + ROW_HEIGHT > this.port.scrollTop + this.port.clientHeight)) {
      this.port.scrollTop = top - this.port.clientHeight / 2;
      this.draw();
    }
    const node = this.grid.querySelector(`[data-row="${this.current}"]`);
    this.grid.querySelectorAll('[tabindex="0"]').forEach((other) => other.setAttribute("tabindex", "-1"));
    if (node) {
      node.setAttribute("tabindex", "0");
      node.focus({ preventScroll: true });
    }
  }

  // Goes to what a place names. Gives its row, if it has one.
  reveal(place) {
    const at = this.rows.reveal(place);
    if (at < 0) return null;
    this.fields.filter.value = "";
    this.fields.failures.checked = false;
    this.update();
    this.current = at;
    this.node.scrollIntoView({ block: "nearest" });
    this.focusRow(true);
    return this.rows.list[at];
  }

  // The tracks are dragged to other times, and with the wheel and the control key looked at more closely.
  dragged(signal) {
    let from = null;
    const width = () => Math.max(1, this.scale.clientWidth);
    this.port.addEventListener("pointerdown", (event) => {
      if (event.target.closest(".track") && event.pointerType === "mouse") from = { x: event.clientX, moved: false };
    });
    addEventListener("pointermove", (event) => {
      if (!from || Math.abs(event.clientX - from.x) < 4) return;
      this.span.pan((from.x - event.clientX) / width());
      from = { x: event.clientX, moved: true };
    }, { signal });
    addEventListener("pointerup", () => { setTimeout(() => { from = null; }); }, { signal });
    this.port.addEventListener("click", (event) => { if (from && from.moved) event.stopPropagation(); }, true);
    this.port.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const box = this.scale.getBoundingClientRect();
      this.span.zoom(event.deltaY < 0 ? 0.8 : 1.25, this.span.at((event.clientX - box.left) / box.width));
    }, { passive: false });
  }
}

function labelOf(row) {
  if (row.kind === "group") {
    return { look: look(row.group.state()), name: row.group.id, more: count(row.group.items.length, "element") };
  }
  if (row.kind === "call") {
    const sign = CALL_SIGNS[row.call.class] || "";
    return { look: callLook(row.call), name: sign + " " + row.call.call, more: row.call.target.replace(/https?:\/\//, "") };
  }
  const attempt = row.kind === "attempt" ? row.attempt : row.step.attempts[row.step.attempts.length - 1];
  const state = row.kind === "attempt" ? attemptLook(attempt) : look(stepState(row.step));
  const code = attempt.code && attempt.code !== "OK" ? attempt.code : attempt.skill || "";
  if (row.kind === "attempt") return { look: state, name: "attempt " + attempt.attempt, more: code };
  const tries = row.step.attempts.length > 1 ? " ×" + row.step.attempts.length : "";
  return { look: state, name: nameOf(row.step) + tries, more: code };
}

function legend() {
  const parts = [["bar success", "succeeded"], ["bar failure", "failed"], ["bar partial", "partial, or a fallback"], ["bar wait", "waits before it is tried again"], ["bar running", "under way"], ["bar envelope success", "all elements of a step"], ["mark success", "request"]];
  return el("p", { class: "legend" }, parts.map(([cls, word]) => el("span", {}, el("span", { class: "swatch " + cls, "aria-hidden": "true" }), " ", word)),
    el("span", { class: "keys" }, "Keys: arrows move, open and close; Enter shows; + − 0 look closer, further, at all; [ ] earlier, later."));
}
