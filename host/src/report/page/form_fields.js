// Fields of one value each, and what stands around them: a label, a hint, and what is wrong.

function stringField(schema, where) {
  const long = schema.contentMediaType || (schema.maxLength || 0) > 300;
  const input = el(long ? "textarea" : "input", { ...(long ? { rows: "4" } : { type: schema.format === "uri" ? "url" : "text" }), autocomplete: "off" });
  input.value = initial(schema, where) ?? "";
  return labelled(schema, where, input, () => (input.value === "" && !where.required ? undefined : input.value));
}

// Bounds of a number: the word of the schema, whether a number keeps to it, and what is said of one that does not.
const BOUNDS = [
  ["minimum", (value, bound) => value >= bound, "less than"], ["exclusiveMinimum", (value, bound) => value > bound, "not more than"],
  ["maximum", (value, bound) => value <= bound, "more than"], ["exclusiveMaximum", (value, bound) => value < bound, "not less than"],
];

function numberField(schema, where) {
  const whole = [].concat(schema.type).includes("integer");
  const input = el("input", { type: "number", step: whole ? schema.multipleOf || 1 : "any", min: schema.minimum, max: schema.maximum });
  input.value = initial(schema, where) ?? "";
  return labelled(schema, where, input, () => {
    if (input.validity.badInput) throw new Error("this is no number");
    if (input.value === "" && !where.required) return undefined;
    if (input.value === "") throw new Error("a number is needed");
    const value = Number(input.value);
    if (whole && !Number.isSafeInteger(value)) throw new Error("a whole number is needed, of no more than 2^53 - 1");
    const broken = BOUNDS.find(([name, keeps]) => schema[name] !== undefined && !keeps(value, schema[name]));
    if (broken) throw new Error(`this is ${broken[2]} ${schema[broken[0]]}`);
    return value;
  });
}

function booleanField(schema, where) {
  if (!where.required && schema.default === undefined) return chosen({ ...schema, enum: [true, false] }, where);
  const input = el("input", { type: "checkbox" });
  input.checked = initial(schema, where) === true;
  const node = el("div", {}, el("label", { class: "check" }, input, " ", labelText(schema, where)), hint(schema));
  return { node, value: () => input.checked };
}

function chosen(schema, where) {
  const input = el("select", {}, where.required ? null : el("option", { value: "" }, "(left out)"), schema.enum.map((value, at) => el("option", { value: String(at) }, typeof value === "string" ? value : JSON.stringify(value))));
  const usual = schema.enum.findIndex((value) => same(value, initial(schema, where)));
  if (usual >= 0) input.value = String(usual);
  return labelled(schema, where, input, () => (input.value === "" ? undefined : schema.enum[Number(input.value)]));
}

function jsonField(schema, where) {
  const input = el("textarea", { rows: "4", spellcheck: "false", placeholder: "JSON" });
  const given = initial(schema, where);
  if (given !== undefined) input.value = JSON.stringify(given, null, 2);
  return labelled(schema, where, input, () => {
    if (input.value.trim() === "" && !where.required) return undefined;
    if (input.value.trim() === "") throw new Error("JSON is needed");
    return parsedJson(input.value);
  });
}

// A value of JSON. An integer that a browser cannot hold would be sent as another one.
function parsedJson(text) {
  try {
    return JSON.parse(text, (_, value, context) => {
      if (context && /^-?\d+$/.test(context.source) && !Number.isSafeInteger(value)) throw new Error(context.source + " is beyond 2^53 - 1");
      return value;
    });
  } catch (error) {
    throw new Error("this is no JSON: " + error.message);
  }
}

// A field around an input. `read` gives the value of it, or throws what is wrong, which is told beside it.
function labelled(schema, where, input, read) {
  input.id = freshId("field");
  const [words, fault] = [hint(schema), el("p", { class: "fault", id: freshId("fault") })];
  if (words) words.id = freshId("hint");
  input.setAttribute("aria-describedby", (words ? words.id + " " : "") + fault.id);
  const clear = () => {
    input.removeAttribute("aria-invalid");
    fill(fault);
  };
  input.addEventListener("input", clear);
  const value = () => {
    clear();
    try {
      return read();
    } catch (error) {
      input.setAttribute("aria-invalid", "true");
      fill(fault, error.message);
      input.focus();
      throw new Error(where.name + ": " + error.message);
    }
  };
  return { node: el("div", {}, el("label", { for: input.id }, labelText(schema, where)), input, words, fault), value };
}

function labelText(schema, where) {
  return [bdi(schema.title || where.name), where.required ? "" : el("small", {}, " (may be left out)")];
}

function hint(schema) {
  const limits = [["minLength", "at least %s characters"], ["maxLength", "at most %s characters"], ["minimum", "at least %s"], ["maximum", "at most %s"], ["exclusiveMinimum", "more than %s"], ["exclusiveMaximum", "less than %s"], ["minItems", "at least %s elements"], ["maxItems", "at most %s elements"], ["pattern", "matches %s"], ["format", "as %s"]]
    .filter(([name]) => schema[name] !== undefined).map(([name, words]) => words.replace("%s", () => schema[name]));
  const text = [schema.description, limits.join(", ")].filter(Boolean).join(" · ");
  return text ? el("p", { class: "hint" }, bdi(text)) : null;
}
