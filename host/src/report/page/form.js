// A form made of a JSON Schema (2020-12). What has no field of its own is asked for as JSON; the service checks all of it.

// Deeper than this, a value is asked for as JSON.
const DEEPEST_FIELDS = 4;

// References that lead to references, and elements that are there from the start.
const [MOST_REFERENCES, MOST_ELEMENTS] = [10, 10];

class SchemaForm {
  constructor(schema) {
    this.root = schema || {};
    this.fields = hasFields(resolved(this.root, this.root)) ? this.make() : null;
    this.asJson = this.fields === null;
    const text = el("textarea", { rows: "12", spellcheck: "false" });
    text.value = "{}";
    this.text = text;
    this.json = labelled({ title: "Input as JSON" }, { name: "the input", required: true }, text, () => parsedJson(text.value));
    this.place = el("div", {});
    this.turn = button("", () => this.change(), { class: "small" });
    this.told = el("p", { class: "fault", role: "status" });
    this.node = el("div", {}, this.turn, this.told, this.place);
    this.show();
  }

  make(start) {
    return field(this.root, { name: "the input", root: this.root, depth: 0, required: true, start });
  }

  show() {
    this.turn.textContent = this.asJson ? "Write it in fields" : "Write it as JSON";
    this.turn.hidden = !this.fields;
    fill(this.told);
    fill(this.place, this.asJson ? this.json.node : this.fields.node);
  }

  // To JSON and back, with all that was written. What is wrong is told at its field, and stays.
  change() {
    try {
      const value = this.value();
      if (this.asJson) this.fields = this.holding(value);
      else this.text.value = JSON.stringify(value, null, 2);
    } catch (error) {
      return void fill(this.told, error.message);
    }
    this.asJson = !this.asJson;
    this.show();
  }

  // Fields with a value, where they hold all of it.
  holding(value) {
    const fields = this.make({ value });
    let held;
    try { held = fields.value(); } catch { /* Then it is not what the fields ask for. */ }
    if (!same(held, value)) throw new Error("The fields cannot hold this value as it is: it stays JSON.");
    return fields;
  }

  // The value; an error with words for whoever typed it, where there is none.
  value() {
    return this.asJson ? this.json.value() : this.fields.value();
  }
}

function hasFields(schema) {
  return schema.properties && Object.keys(schema.properties).length > 0;
}

// A schema with what it refers to.
function resolved(schema, root, left = MOST_REFERENCES) {
  if (!schema || typeof schema !== "object") return {};
  const name = typeof schema.$ref === "string" && schema.$ref.match(/^#\/\$defs\/([^/]+)$/);
  const found = name && left > 0 ? own(root.$defs, name[1].replaceAll("~1", "/").replaceAll("~0", "~")) : undefined;
  return found === undefined ? schema : { ...resolved(found, root, left - 1), ...schema, $ref: undefined };
}

// A member that an object has itself.
function own(object, name) {
  return object && typeof object === "object" && Object.hasOwn(object, name) ? object[name] : undefined;
}

// What stands in a field at first.
function initial(schema, where) {
  return where.start ? where.start.value : schema.default;
}

// Whether two values are the same JSON.
function same(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return one === other;
  const names = Object.keys(one);
  return Array.isArray(one) === Array.isArray(other) && names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]));
}

// A field: { node, value() }. A value of undefined is left out.
function field(given, where) {
  const schema = resolved(given, where.root);
  // What may be null may be left out as well, or is asked for as JSON.
  const kinds = [].concat(schema.type || []).filter((kind) => kind !== "null" || where.required);
  if (schema.const !== undefined) return where.required ? fixed(schema, where) : chosen({ ...schema, enum: [schema.const] }, where);
  if (Array.isArray(schema.enum)) return chosen(schema, where);
  if (kinds.length > 1 || where.depth >= DEEPEST_FIELDS) return jsonField(schema, where);
  const kind = kinds[0] || (hasFields(schema) ? "object" : "");
  if (kind === "object" && !hasFields(schema)) return jsonField(schema, where);
  const makers = { object: objectField, array: arrayField, boolean: booleanField, integer: numberField, number: numberField, string: stringField };
  return (own(makers, kind) || jsonField)(schema, where);
}

function fixed(schema, where) {
  return { node: el("p", { class: "hint" }, bdi(schema.title || where.name), ": ", el("code", {}, JSON.stringify(schema.const))), value: () => schema.const };
}

function objectField(schema, where) {
  const required = new Set(schema.required || []);
  const given = initial(schema, where);
  const start = (name) => (where.start || given !== undefined ? { value: own(given, name) } : undefined);
  // A schema keeps no order of its own: what is needed comes first.
  const names = Object.keys(schema.properties).sort((one, other) => required.has(other) - required.has(one));
  const members = names.map((name) => [name, field(schema.properties[name], { ...where, name, depth: where.depth + 1, required: required.has(name), start: start(name) })]);
  const inside = el("div", {}, members.map(([, member]) => member.node));
  const read = () => Object.fromEntries(members.map(([name, member]) => [name, member.value()]).filter(([, value]) => value !== undefined));
  if (where.depth === 0) return { node: inside, value: read };
  if (where.required) return { node: el("fieldset", {}, el("legend", {}, labelText(schema, where)), hint(schema), inside), value: read };
  const there = el("input", { type: "checkbox", onchange: () => { inside.hidden = !there.checked; } });
  there.checked = given !== undefined;
  inside.hidden = !there.checked;
  const node = el("fieldset", {}, el("legend", {}, el("label", { class: "check" }, there, " ", labelText(schema, where))), hint(schema), inside);
  return { node, value: () => (there.checked ? read() : undefined) };
}

function arrayField(schema, where) {
  const rows = [];
  const [list, more] = [el("div", {}), button("Add an element", () => { const node = add(); const first = node.querySelector("input, select, textarea, button"); first.focus(); }, { class: "small" })];
  let made = 0;
  const add = (start) => {
    made += 1;
    const row = field(schema.items, { ...where, name: `${where.name}, element ${made}`, depth: where.depth + 1, required: true, start });
    const remove = () => { rows.splice(rows.indexOf(row), 1); holder.remove(); more.focus(); };
    const holder = el("div", { class: "tools" }, row.node, button("Remove", remove, { class: "small", "aria-label": `Remove ${where.name}, element ${made}` }));
    rows.push(row);
    list.append(holder);
    return row.node;
  };
  const given = initial(schema, where);
  if (Array.isArray(given)) given.forEach((value) => add({ value }));
  else if (where.required && !where.start) for (let at = 0; at < Math.min(schema.minItems || 0, MOST_ELEMENTS); at += 1) add();
  const node = el("fieldset", {}, el("legend", {}, labelText(schema, where)), hint(schema), list, more);
  return { node, value: () => (rows.length === 0 && !where.required ? undefined : rows.map((row) => row.value())) };
}
