// A table that can be sorted by each column and searched, a page at a time.

const PAGE_ROWS = 100;

class SortedTable {
  // Columns: { name, value(row), show(row), number }. `show` gives what stands in the cell.
  constructor(label, columns, rows) {
    Object.assign(this, { label, columns, rows });
    this.sorted = { column: null, down: false };
    this.page = 0;
    this.search = el("input", { type: "search", placeholder: "search", "aria-label": "Search in " + label, oninput: () => { this.page = 0; this.update(); } });
    this.head = el("tr", {});
    this.body = el("tbody", {});
    this.pager = el("p", { class: "pager" });
    this.node = el("div", { class: "sorted" }, el("div", { class: "tools" }, this.search, this.pager),
      el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": label },
        el("table", {}, el("caption", { class: "unseen" }, label), el("thead", {}, this.head), this.body)));
  }

  update() {
    const rows = this.found();
    const pages = Math.max(1, Math.ceil(rows.length / PAGE_ROWS));
    this.page = Math.min(this.page, pages - 1);
    fill(this.head, this.columns.map((column) => this.heading(column)));
    const shown = rows.slice(this.page * PAGE_ROWS, (this.page + 1) * PAGE_ROWS);
    fill(this.body, shown.map((row) => el("tr", {}, this.columns.map((column) => this.cell(column, row)))));
    this.showPager(rows.length, pages);
  }

  found() {
    const words = this.search.value.trim().toLowerCase();
    const all = this.rows();
    const rows = words ? all.filter((row) => this.columns.some((column) => String(column.value(row) ?? "").toLowerCase().includes(words))) : [...all];
    const { column, down } = this.sorted;
    if (column) rows.sort((one, other) => compare(column.value(one), column.value(other)) * (down ? -1 : 1));
    return rows;
  }

  heading(column) {
    const own = this.sorted.column === column;
    const order = own ? (this.sorted.down ? "descending" : "ascending") : "none";
    const sort = () => {
      this.sorted = { column, down: own ? !this.sorted.down : Boolean(column.number) };
      this.update();
      this.head.querySelectorAll("button")[this.columns.indexOf(column)].focus();
    };
    return el("th", { scope: "col", "aria-sort": order, class: column.number ? "number" : null },
      button([column.name, own ? (this.sorted.down ? " ↓" : " ↑") : ""], sort, { class: "link" }));
  }

  cell(column, row) {
    const shown = column.show ? column.show(row) : column.value(row);
    return el("td", { class: column.number ? "number" : null }, shown === null || shown === undefined ? "" : shown);
  }

  showPager(rows, pages) {
    const turn = (by) => () => { this.page += by; this.update(); };
    fill(this.pager, count(rows, "row"), pages > 1 ? [
      ", page ", this.page + 1, " of ", pages, " ",
      button("Before", turn(-1), { class: "small", disabled: this.page === 0 }),
      button("Next", turn(1), { class: "small", disabled: this.page + 1 === pages }),
    ] : "");
  }
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (one === null || one === undefined) return other === null || other === undefined ? 0 : -1;
  if (other === null || other === undefined) return 1;
  return String(one).localeCompare(String(other), undefined, { numeric: true });
}
