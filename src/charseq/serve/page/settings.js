// Which model answers, and how it is to: the controls above both tabs.

import { byId, element } from "./dom.js";

const modelField = byId("model");
const languageField = byId("language");
const featuresField = byId("features");
const knownFeatures = byId("known-features");
const sureField = byId("sure");

let offered = [];
let allowed = {};

/** Return what is known of the chosen model. */
export function chosenModel() {
  return offered[modelField.selectedIndex];
}

/** Return what the service takes in one request. */
export function limits() {
  return allowed;
}

/** Return the settings as a request asks for them, without texts. */
export function settings() {
  const { name, languages, features, calibrated } = chosenModel();
  const asked = { model: name };
  if (features.length) asked.features = featuresField.value;
  if (languages.length) asked.language = languageField.value;
  if (calibrated && sureField.value) asked.abstain_below = Number(sureField.value);
  return asked;
}

/** Return the settings as a link tells them. */
export function told() {
  const { model, features, language, abstain_below: sure } = settings();
  return { model, features, language, sure: sure && String(sure) };
}

/** Offer models; the first one is chosen, until `choose` says otherwise. */
export function offer({ models, limits }) {
  offered = models;
  allowed = limits;
  modelField.replaceChildren(...models.map(({ name }) => element("option", { value: name }, name)));
  fit();
  byId("settings").hidden = false;
}

/** Choose as a link or an example tells; what it leaves out, or does not exist, stays as it is. */
export function choose({ model, features, language, sure }) {
  if (offered.some(({ name }) => name === model)) {
    modelField.value = model;
    fit();
  }
  if (features !== undefined) featuresField.value = features;
  if (chosenModel().languages.includes(language)) languageField.value = language;
  if ([...sureField.options].some(({ value }) => value === sure)) sureField.value = sure;
}

/** Call back when the person changes a setting, with whether another model was chosen. */
export function onChange(changed) {
  byId("settings").addEventListener("submit", (event) => event.preventDefault());
  modelField.addEventListener("change", () => {
    fit();
    changed(true);
  });
  for (const field of [languageField, sureField]) {
    field.addEventListener("change", () => changed(false));
  }
  featuresField.addEventListener("input", () => {
    suggestFeatures();
    changed(false);
  });
}

/** Show the fields that the chosen model has a use for, with what it knows. */
function fit() {
  const { languages, features, calibrated, examples } = chosenModel();
  byId("language-field").hidden = !languages.length;
  byId("features-field").hidden = !features.length;
  byId("sure-field").hidden = !calibrated;
  // What was chosen for another model stays, if this one knows it.
  const language = languageField.value;
  languageField.replaceChildren(
    ...languages.map((name) => element("option", { value: name }, name)),
  );
  if (languages.includes(language)) languageField.value = language;
  const separator = chosenModel().features_separator;
  const given = featuresField.value.split(separator);
  if (!given.every((name) => features.includes(name))) {
    featuresField.value = examples.find((each) => each.features)?.features ?? "";
  }
  featuresField.placeholder = features.slice(0, 2).join(separator);
  suggestFeatures();
}

/** Offer the known features to go on with: a list's suggestions replace the whole field. */
function suggestFeatures() {
  const { features, features_separator: separator } = chosenModel();
  const given = featuresField.value.split(separator).slice(0, -1);
  const left = features.filter((name) => !given.includes(name));
  knownFeatures.replaceChildren(
    ...left.map((name) => element("option", { value: [...given, name].join(separator) })),
  );
}
