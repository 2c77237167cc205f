// A form made of a JSON Schema (2020-12). What has no field of its own is asked for as JSON; the service checks all of it.

// Deeper than this, a value is asked for as JSON.
const DEEPEST_FIELDS = 4;

class SchemaForm {
  constructor(schema) {
    this.schema = schema || {};
    this.asJson = !hasFields(this.schema);
    this.fields = this.asJson ? null : field(this.schema, { name: "", root: this.schema, depth: 0, required: true });
    this.text = el("textarea", { rows: "12", spellcheck: "false", "aria-label": "Input as JSON" });
    this.text.value = "{}";
    this.place = el("div", {});
    this.turn = button("", () => this.change(), { class: "small" });
    this.node = el("div", {}, this.turn, this.place);
    this.show();
  }

  show() {
    this.turn.textContent = this.asJson ? "Write it in fields" : "Write it as JSON";
    this.turn.hidden = !this.fields;
    fill(this.place, this.asJson ? this.text : this.fields.node);
  }

  change() {
    if (!this.asJson) this.text.value = JSON.stringify(this.fields.value() ?? {}, null, 2);
    this.asJson = !this.asJson;
    this.show();
  }

  // The value; an error with words for whoever typed it, where there is none.
  value() {
    return this.asJson ? parsed(this.text, "the input") : this.fields.value() ?? {};
  }
}

function hasFields(schema) {
  return schema && typeof schema === "object" && schema.properties && Object.keys(schema.properties).length > 0;
}

function resolved(schema, root) {
  if (!schema || typeof schema !== "object") return {};
  const name = typeof schema.$ref === "string" && schema.$ref.match(/^#\/\$defs\/([^/]+)$/);
  const found = name && root.$defs && root.$defs[name[1].replaceAll("~1", "/").replaceAll("~0", "~")];
  return found ? { ...found, ...schema, $ref: undefined } : schema;
}

// A field: { node, value() }. A value of undefined is left out.
function field(given, where) {
  const schema = resolved(given, where.root);
  const kinds = [].concat(schema.type || []).filter((kind) => kind !== "null");
  if (schema.const !== undefined) return { node: el("p", { class: "hint" }, (schema.title || where.name) + ": " + JSON.stringify(schema.const)), value: () => schema.const };
  if (Array.isArray(schema.enum)) return chosen(schema, where);
  if (kinds.length === 1 && where.depth < DEEPEST_FIELDS) {
    const maker = { object: objectField, array: arrayField, boolean: booleanField, integer: numberField, number: numberField, string: stringField }[kinds[0]];
    if (maker && (kinds[0] !== "object" || hasFields(schema))) return maker(schema, where);
  }
  if (kinds.length === 0 && hasFields(schema) && where.depth < DEEPEST_FIELDS) return objectField(schema, where);
  return jsonField(schema, where);
}

function objectField(schema, where) {
  const required = new Set(schema.required || []);
  // A schema keeps no order of its own: what is needed comes first.
  const names = Object.keys(schema.properties).sort((one, other) => required.has(other) - required.has(one));
  const members = names.map((name) => [name, schema.properties[name]]).map(([name, member]) => [name, field(member, { ...where, name, depth: where.depth + 1, required: required.has(name) })]);
  const inside = members.map(([, member]) => member.node);
  const node = where.depth === 0 ? el("div", {}, inside) : el("fieldset", {}, el("legend", {}, labelText(schema, where)), hint(schema), inside);
  const value = () => {
    const found = members.map(([name, member]) => [name, member.value()]).filter(([, value]) => value !== undefined);
    return found.length === 0 && !where.required ? undefined : Object.fromEntries(found);
  };
  return { node, value };
}

function arrayField(schema, where) {
  const rows = [];
  const list = el("div", {});
  const add = () => {
    const row = field(schema.items, { ...where, name: "element " + (rows.length + 1), depth: where.depth + 1, required: true });
    const holder = el("div", { class: "tools" }, row.node, button("Remove", () => { rows.splice(rows.indexOf(row), 1); holder.remove(); }, { class: "small" }));
    rows.push(row);
    list.append(holder);
  };
  for (let made = 0; made < Math.min(schema.minItems || 0, 10); made += 1) add();
  const node = el("fieldset", {}, el("legend", {}, labelText(schema, where)), hint(schema), list, button("Add an element", add, { class: "small" }));
  return { node, value: () => (rows.length === 0 && !where.required ? undefined : rows.map((row) => row.value())) };
}

function stringField(schema, where) {
  const long = schema.contentMediaType || (schema.maxLength || 0) > 300;
  const input = el(long ? "textarea" : "input", { ...(long ? { rows: "4" } : { type: schema.format === "uri" ? "url" : "text" }), autocomplete: "off" });
  input.value = schema.default === undefined ? "" : schema.default;
  return labelled(schema, where, input, () => (input.value === "" && !where.required ? undefined : input.value));
}

function numberField(schema, where) {
  const input = el("input", { type: "number", step: schema.type === "integer" ? schema.multipleOf || 1 : "any", min: schema.minimum, max: schema.maximum });
  input.value = schema.default === undefined ? "" : schema.default;
  return labelled(schema, where, input, () => (input.value === "" ? (where.required ? wrong(input, where, "a number") : undefined) : Number(input.value)));
}

function booleanField(schema, where) {
  const input = el("input", { type: "checkbox" });
  input.checked = schema.default === true;
  const node = el("div", {}, el("label", { class: "check" }, input, " ", labelText(schema, where)), hint(schema));
  return { node, value: () => (input.checked || where.required || schema.default !== undefined ? input.checked : undefined) };
}

function chosen(schema, where) {
  const input = el("select", {}, where.required ? null : el("option", { value: "" }, "(left out)"), schema.enum.map((value, at) => el("option", { value: String(at) }, typeof value === "string" ? value : JSON.stringify(value))));
  const usual = schema.enum.findIndex((value) => value === schema.default);
  if (usual >= 0) input.value = String(usual);
  return labelled(schema, where, input, () => (input.value === "" ? undefined : schema.enum[Number(input.value)]));
}

function jsonField(schema, where) {
  const input = el("textarea", { rows: "4", spellcheck: "false", placeholder: "JSON" });
  if (schema.default !== undefined) input.value = JSON.stringify(schema.default, null, 2);
  return labelled(schema, where, input, () => (input.value.trim() === "" ? (where.required ? wrong(input, where, "JSON") : undefined) : parsed(input, where.name)));
}

function labelled(schema, where, input, value) {
  input.id = freshId("field");
  const words = hint(schema);
  if (words) {
    words.id = freshId("hint");
    input.setAttribute("aria-describedby", words.id);
  }
  input.addEventListener("input", () => input.removeAttribute("aria-invalid"));
  return { node: el("div", {}, el("label", { for: input.id }, labelText(schema, where)), input, words), value };
}

function labelText(schema, where) {
  return [bdi(schema.title || where.name), where.required ? "" : el("small", {}, " (may be left out)")];
}

function hint(schema) {
  const limits = [["minLength", "at least %s characters"], ["maxLength", "at most %s characters"], ["minimum", "at least %s"], ["maximum", "at most %s"], ["pattern", "matches %s"], ["format", "as %s"]]
    .filter(([name]) => schema[name] !== undefined).map(([name, words]) => words.replace("%s", schema[name]));
  const text = [schema.description, limits.join(", ")].filter(Boolean).join(" · ");
  return text ? el("p", { class: "hint" }, bdi(text)) : null;
}

function wrong(input, where, wanted) {
  input.setAttribute("aria-invalid", "true");
  input.focus();
  throw new Error(`${where.name} needs ${wanted}`);
}

function parsed(input, name) {
  try {
    return JSON.parse(input.value);
  } catch (error) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
    throw new Error(`${name}: ${error.message}`);
  }
}
