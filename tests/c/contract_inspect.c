/*
 * contract_inspect.c - checks what nomogram.h promises about the description of a model.
 *
 *     contract_inspect BUNDLE...
 *
 * Each BUNDLE has format 1. The bundles of nomogram-testkit are in the current folder.
 */
#include "check.h"

static struct {
  nomo_model_info info;
  nomo_feature feature;
  nomo_unit unit;
  nomo_member member;
  nomo_cutoff cutoff;
  nomo_rule rule;
  nomo_uncertainty uncertainty;
  size_t index;
  const char *text;
} out;
static nomo_model *policies, *number, *three_classes, *three_members;

static const nomo_model_info no_info = NOMO_MODEL_INFO_INIT;
static const nomo_feature no_feature = NOMO_FEATURE_INIT;
static const nomo_unit no_unit = NOMO_UNIT_INIT;
static const nomo_member no_member = NOMO_MEMBER_INIT;
static const nomo_cutoff no_cutoff = NOMO_CUTOFF_INIT;
static const nomo_rule no_rule = NOMO_RULE_INIT;
static const nomo_uncertainty no_uncertainty = NOMO_UNCERTAINTY_INIT;

/* A pattern in all memory that may be written; structs set up by their INIT macros. */
static void fill(void) {
  fill_watched();
  out.info = no_info;
  out.feature = no_feature;
  out.unit = no_unit;
  out.member = no_member;
  out.cutoff = no_cutoff;
  out.rule = no_rule;
  out.uncertainty = no_uncertainty;
}

/* ---- Descriptions ------------------------------------------------------------------------ */

enum { AGE, TEMPERATURE, DOSE, WEIGHT, HEIGHT, PREGNANCIES, VISITS, CHILDREN, SMOKER, DIABETIC,
       STAGE, GRADE, SITE, N_FEATURES };

static int is_digest(const char *text) {
  return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static int same_or_null(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void test_describe(void) {
  static const struct {
    const char *bundle, *name, *version, *target, *unit, *card;
    size_t counts[7]; /* features, classes, outputs, members, margins, cutoffs, rules */
    uint32_t task, golden_cases;
  } wanted[] = {
    {"policies.nomo", "policies", "2.1", "admission", NULL,
     "# Policies\n\nA model for tests: it tells what it was given.\n",
     {N_FEATURES, 2, 2, 2, 2, 3, 3}, NOMO_TASK_CLASSES, 20},
    {"number.nomo", "a number", "1", "length of stay", "d", NULL, {2, 0, 1, 2, 2, 0, 1},
     NOMO_TASK_NUMBER, 16},
    {"three_classes.nomo", "three classes", "1", "type", NULL, NULL, {2, 3, 3, 2, 6, 2, 0},
     NOMO_TASK_CLASSES, 16},
    {"three_members.nomo", "three members", "1", "diagnosis", NULL, NULL, {3, 2, 2, 3, 3, 0, 0},
     NOMO_TASK_CLASSES, 16},
  };
  size_t i;
  for (i = 0; i < LENGTH(wanted); i++) {
    nomo_model *model = open_or_exit(wanted[i].bundle);
    nomo_model_info again = NOMO_MODEL_INFO_INIT;
    fill();
    ACCEPTED(nomo_model_describe(model, &out.info, &error));
    CHECK(out.info.struct_size == sizeof out.info && out.info.task == wanted[i].task);
    CHECK(out.info.format == nomo_bundle_format());
    CHECK(out.info.n_golden_cases == wanted[i].golden_cases);
    CHECK_TEXT(out.info.name, wanted[i].name);
    CHECK_TEXT(out.info.version, wanted[i].version);
    CHECK(is_digest(out.info.digest));
    CHECK(out.info.manifest[0] == '{' && out.info.manifest[strlen(out.info.manifest) - 1] == '}');
    CHECK(strstr(out.info.manifest, "\"name\":") != NULL && is_utf8(out.info.manifest));
    CHECK(strstr(out.info.manifest, wanted[i].name) != NULL);
    CHECK(same_or_null(out.info.card, wanted[i].card));
    CHECK_TEXT(out.info.target, wanted[i].target);
    CHECK(same_or_null(out.info.target_unit, wanted[i].unit));
    CHECK(memcmp(&out.info.n_features, wanted[i].counts, sizeof wanted[i].counts) == 0);
    ACCEPTED(nomo_model_describe(model, &again, NULL));
    CHECK(again.name == out.info.name && again.digest == out.info.digest); /* owned by the model */
    nomo_model_release(model);
  }
}

static void test_older_format(const char *path) {
  nomo_model *model = open_or_exit(path);
  fill();
  ACCEPTED(nomo_model_describe(model, &out.info, &error));
  CHECK(out.info.format == 1 && out.info.task == NOMO_TASK_CLASSES && out.info.n_outputs == 2);
  ACCEPTED(nomo_model_self_test(model, &error));
  nomo_model_release(model);
}

/* Every function that describes a model; texts are printable. */
static int is_name(const char *text) {
  size_t i;
  for (i = 0; text[i] != '\0'; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) return 0;
  return i > 0 && is_utf8(text);
}

static void walk(nomo_model *model) {
  size_t i, j, sum = 0;
  nomo_model_info info = NOMO_MODEL_INFO_INIT;
  ACCEPTED(nomo_model_describe(model, &info, &error));
  for (i = 0; i < info.n_features; i++) {
    fill();
    ACCEPTED(nomo_model_feature(model, i, &out.feature, &error));
    CHECK(is_name(out.feature.name) && (out.feature.unit == NULL || is_name(out.feature.unit)));
    CHECK(out.feature.low <= out.feature.high && out.feature.reserved == 0);
    CHECK((out.feature.n_levels > 0) == (out.feature.kind == NOMO_KIND_CATEGORY));
    ACCEPTED(nomo_model_feature_index(model, out.feature.name, &out.index, &error));
    CHECK(out.index == i);
    for (j = 0; j < out.feature.n_levels; j++) {
      ACCEPTED(nomo_model_level(model, i, j, &out.text, &error));
      CHECK(is_name(out.text));
    }
    for (j = 0; j < out.feature.n_units; j++) {
      ACCEPTED(nomo_model_unit(model, i, j, &out.unit, &error));
      CHECK(is_name(out.unit.code) && out.unit.reserved == 0);
    }
  }
  for (i = 0; i < info.n_classes; i++) {
    ACCEPTED(nomo_model_class(model, i, &out.text, &error));
    CHECK(is_name(out.text));
  }
  for (i = 0; i < info.n_members; i++, sum += out.member.n_margins) {
    ACCEPTED(nomo_model_member(model, i, &out.member, &error));
    CHECK(is_name(out.member.name) && out.member.reserved == 0);
  }
  CHECK(sum == info.n_margins);
  for (i = 0; i < info.n_cutoffs; i++) {
    ACCEPTED(nomo_model_cutoff(model, i, &out.cutoff, &error));
    CHECK(is_name(out.cutoff.name) && out.cutoff.class_index < info.n_classes);
  }
  for (i = 0; i < info.n_rules; i++) {
    ACCEPTED(nomo_model_rule(model, i, &out.rule, &error));
    CHECK(is_name(out.rule.name) && out.rule.features_len > 0);
    for (j = 0; j < out.rule.features_len; j++) CHECK(out.rule.features[j] < info.n_features);
  }
}

/* ---- Features, levels, units ------------------------------------------------------------- */

static void test_features(void) {
  enum { R = NOMO_POLICY_REFUSE, I = NOMO_POLICY_IMPUTE, C = NOMO_POLICY_CLAMP, T = NOMO_POLICY_TAKE };
  enum { NUMBER = NOMO_KIND_NUMBER, INTEGER, BOOLEAN, CATEGORY };
  const double inf = HUGE_VAL;
  const struct {
    const char *name, *unit;
    uint32_t kind;
    double low, high;
    size_t n_levels, n_units;
    uint32_t policy[8]; /* as in nomo_feature, with the reserved field */
  } wanted[N_FEATURES] = {
    {"age", "a", NUMBER, 18, 90, 0, 1, {R, R, R, R, R, R, R, 0}},
    {"temperature", "Cel", NUMBER, 30, 45, 0, 2, {I, I, I, C, C, R, I, 0}},
    {"dose", "mg", NUMBER, 0, 100, 0, 1, {R, I, I, I, T, R, R, 0}},
    {"weight", "kg", NUMBER, 20, 300, 0, 0, {I, R, R, R, I, R, I, 0}},
    {"height", NULL, NUMBER, -inf, inf, 0, 0, {R, R, R, I, I, R, R, 0}},
    {"pregnancies", "1", INTEGER, 0, 20, 0, 0, {I, I, R, C, C, R, I, 0}},
    {"visits", NULL, INTEGER, -inf, inf, 0, 0, {R, R, R, R, R, R, R, 0}},
    {"children", "1", INTEGER, 0, 30, 0, 1, {R, R, I, I, T, R, R, 0}},
    {"smoker", NULL, BOOLEAN, -inf, inf, 0, 0, {R, R, R, R, R, R, R, 0}},
    {"diabetic", NULL, BOOLEAN, -inf, inf, 0, 0, {I, I, I, I, I, I, I, 0}},
    {"stage", NULL, CATEGORY, -inf, inf, 3, 0, {R, R, R, R, R, R, R, 0}},
    {"grade", NULL, CATEGORY, -inf, inf, 3, 0, {R, I, R, R, R, T, R, 0}},
    {"site", NULL, CATEGORY, -inf, inf, 2, 0, {I, R, I, I, R, I, I, 0}},
  };
  static const size_t beyond[] = {N_FEATURES, N_FEATURES + 1, UINT32_MAX, SIZE_MAX / 2, SIZE_MAX};
  size_t i;
  for (i = 0; i < N_FEATURES; i++) {
    fill();
    ACCEPTED(nomo_model_feature(policies, i, &out.feature, &error));
    CHECK(out.feature.struct_size == sizeof out.feature && out.feature.kind == wanted[i].kind);
    CHECK_TEXT(out.feature.name, wanted[i].name);
    CHECK(same_or_null(out.feature.unit, wanted[i].unit));
    CHECK(out.feature.low == wanted[i].low && out.feature.high == wanted[i].high);
    CHECK(out.feature.n_levels == wanted[i].n_levels && out.feature.n_units == wanted[i].n_units);
    CHECK(memcmp(&out.feature.on_unset, wanted[i].policy, sizeof wanted[i].policy) == 0);
  }
  fill();
  for (i = 0; i < LENGTH(beyond); i++)
    REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature(policies, beyond[i], &out.feature, &error));
  ACCEPTED(nomo_model_feature_index(policies, "site", &out.index, NULL));
  CHECK(out.index == SITE);
  ACCEPTED(nomo_model_feature_index(three_classes, "gr\xc3\xb6\xc3\x9f" "e", &out.index, &error));
  CHECK(out.index == 0);
  fill();
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature_index(policies, "sit", &out.index, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature_index(policies, "sites", &out.index, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature_index(policies, "Site", &out.index, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_feature_index(policies, "", &out.index, &error));
  REFUSED(NOMO_EARGUMENT_TEXT, nomo_model_feature_index(policies, "site\xff", &out.index, &error));
  /* The same characters in another Unicode form. */
  REFUSED(NOMO_EARGUMENT_FEATURE,
          nomo_model_feature_index(three_classes, "gro\xcc\x88\xc3\x9f" "e", &out.index, &error));
}

static void test_levels(void) {
  static const char *const grades[] = {"low", "middle", "high"};
  static const char *const blockers[] = {"none", "\xce\xb1", "\xce\xb2"};
  size_t i;
  for (i = 0; i < 3; i++) {
    fill();
    ACCEPTED(nomo_model_level(policies, GRADE, i, &out.text, &error));
    CHECK_TEXT(out.text, grades[i]);
    ACCEPTED(nomo_model_level(three_classes, 1, i, &out.text, NULL));
    CHECK_TEXT(out.text, blockers[i]);
  }
  fill();
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_level(policies, GRADE, 3, &out.text, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_level(policies, GRADE, SIZE_MAX, &out.text, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_level(policies, AGE, 0, &out.text, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_level(policies, SMOKER, 0, &out.text, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_level(policies, N_FEATURES, 0, &out.text, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_level(policies, SIZE_MAX, 0, &out.text, &error));
}

static void test_units(void) {
  fill();
  ACCEPTED(nomo_model_unit(policies, TEMPERATURE, 0, &out.unit, &error));
  CHECK_TEXT(out.unit.code, "[degF]");
  CHECK(out.unit.offset == 32 && out.unit.multiplier == 5 && out.unit.divisor == 9);
  CHECK(out.unit.struct_size == sizeof out.unit && out.unit.reserved == 0);
  ACCEPTED(nomo_model_unit(policies, TEMPERATURE, 1, &out.unit, NULL));
  CHECK_TEXT(out.unit.code, "K");
  CHECK(out.unit.offset == 273.15 && out.unit.multiplier == 1 && out.unit.divisor == 1);
  fill();
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_unit(policies, TEMPERATURE, 2, &out.unit, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_unit(policies, TEMPERATURE, SIZE_MAX, &out.unit, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_unit(policies, WEIGHT, 0, &out.unit, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_unit(policies, N_FEATURES, 0, &out.unit, &error));
  REFUSED(NOMO_EARGUMENT_FEATURE, nomo_model_unit(policies, SIZE_MAX, 0, &out.unit, &error));
}

/* ---- Classes, members, cutoffs, rules ---------------------------------------------------- */

static void test_classes(void) {
  static const char *const names[] = {"benign", "malignant", "unklar/\xe7\x84\xa1"};
  size_t i;
  for (i = 0; i < 3; i++) {
    fill();
    ACCEPTED(nomo_model_class(three_classes, i, &out.text, &error));
    CHECK_TEXT(out.text, names[i]);
  }
  ACCEPTED(nomo_model_class(policies, 1, &out.text, NULL));
  CHECK_TEXT(out.text, "yes");
  fill();
  REFUSED(NOMO_EARGUMENT_CLASS, nomo_model_class(three_classes, 3, &out.text, &error));
  REFUSED(NOMO_EARGUMENT_CLASS, nomo_model_class(three_classes, SIZE_MAX, &out.text, &error));
  REFUSED(NOMO_EARGUMENT_CLASS, nomo_model_class(number, 0, &out.text, &error));
}

static void test_members(void) {
  static const char *const names[] = {"softmax", "shares"};
  size_t i;
  for (i = 0; i < 2; i++) {
    fill();
    ACCEPTED(nomo_model_member(three_classes, i, &out.member, &error));
    CHECK_TEXT(out.member.name, names[i]);
    CHECK(out.member.n_margins == 3 && out.member.struct_size == sizeof out.member);
  }
  ACCEPTED(nomo_model_member(three_members, 2, &out.member, NULL));
  CHECK_TEXT(out.member.name, "network");
  CHECK(out.member.n_margins == 1 && out.member.reserved == 0);
  fill();
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_member(three_members, 3, &out.member, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_member(three_members, SIZE_MAX, &out.member, &error));
}

static void test_cutoffs(void) {
  static const struct {
    const char *name;
    uint32_t class_index;
    double probability;
  } wanted[] = {{"refer", 1, 0.25}, {"rule out", 0, 0.9}, {"always", 1, 0}};
  size_t i;
  for (i = 0; i < 3; i++) {
    fill();
    ACCEPTED(nomo_model_cutoff(policies, i, &out.cutoff, i == 1 ? NULL : &error));
    CHECK_TEXT(out.cutoff.name, wanted[i].name);
    CHECK(out.cutoff.struct_size == sizeof out.cutoff);
    CHECK(out.cutoff.class_index == wanted[i].class_index);
    CHECK(out.cutoff.probability == wanted[i].probability);
  }
  fill();
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_cutoff(policies, 3, &out.cutoff, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_cutoff(policies, SIZE_MAX, &out.cutoff, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_cutoff(three_members, 0, &out.cutoff, &error));
}

static int reads(size_t feature) {
  size_t i;
  for (i = 0; i < out.rule.features_len; i++)
    if (out.rule.features[i] == feature) return 1;
  return 0;
}

static void test_rules(void) {
  const uint32_t *features;
  fill();
  ACCEPTED(nomo_model_rule(policies, 0, &out.rule, &error));
  CHECK_TEXT(out.rule.name, "dose fits weight");
  CHECK(out.rule.struct_size == sizeof out.rule && out.rule.action == NOMO_POLICY_TAKE);
  CHECK(out.rule.features_len == 2 && reads(DOSE) && reads(WEIGHT));
  features = out.rule.features;
  ACCEPTED(nomo_model_rule(policies, 0, &out.rule, &error));
  CHECK(features == out.rule.features); /* owned by the model */
  ACCEPTED(nomo_model_rule(policies, 1, &out.rule, NULL));
  CHECK_TEXT(out.rule.name, "older than children");
  CHECK(out.rule.action == NOMO_POLICY_REFUSE);
  CHECK(out.rule.features_len == 2 && reads(AGE) && reads(CHILDREN));
  ACCEPTED(nomo_model_rule(policies, 2, &out.rule, &error));
  CHECK_TEXT(out.rule.name, "plausible body mass");
  CHECK(reads(WEIGHT) && reads(HEIGHT) && !reads(AGE)); /* weight / height / height */
  CHECK(out.rule.features_len == 2); /* the rule reads `height` twice */
  fill();
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_rule(policies, 3, &out.rule, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_rule(policies, SIZE_MAX, &out.rule, &error));
  REFUSED(NOMO_EARGUMENT_INDEX, nomo_model_rule(three_classes, 0, &out.rule, &error));
}

/* ---- Uncertainty ------------------------------------------------------------------------- */

/* corpus.c reads those of models that have it. */
static void test_without_uncertainty(void) {
  fill();
  memset((char *)&out.uncertainty + sizeof(uint32_t), PATTERN, sizeof out.uncertainty - sizeof(uint32_t));
  ACCEPTED(nomo_model_uncertainty(policies, &out.uncertainty, &error));
  CHECK(out.uncertainty.ambiguous_rule == NOMO_AMBIGUOUS_NEVER && out.uncertainty.levels == NULL);
  CHECK(out.uncertainty.n_verdicts == 0 && out.uncertainty.n_levels == 0 && out.uncertainty.n_p_values == 0);
  CHECK(out.uncertainty.n_intervals == 0 && out.uncertainty.n_distances == 0 && out.uncertainty.n_furthest == 0);
  CHECK(out.uncertainty.unlike_p_value == 0 && out.uncertainty.n_scores == 0 && out.uncertainty.n_distance_scores == 0);
}

/* ---- Arguments of every function --------------------------------------------------------- */

/* One call for each function; the model, the output and the error are the caller's. */
typedef int32_t (*question)(const nomo_model *, void *, nomo_error *);

static int32_t describe(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_describe(m, o, e); }
static int32_t feature(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_feature(m, DOSE, o, e); }
static int32_t index_of(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_feature_index(m, "dose", o, e); }
static int32_t level(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_level(m, SITE, 1, o, e); }
static int32_t unit(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_unit(m, DOSE, 0, o, e); }
static int32_t class_of(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_class(m, 1, o, e); }
static int32_t member(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_member(m, 1, o, e); }
static int32_t cutoff(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_cutoff(m, 1, o, e); }
static int32_t rule(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_rule(m, 1, o, e); }
static int32_t uncertainty(const nomo_model *m, void *o, nomo_error *e) { return nomo_model_uncertainty(m, o, e); }
static int32_t session_size(const nomo_model *m, void *o, nomo_error *e) { return nomo_session_size(m, o, e); }

static const struct {
  question ask;
  void *out;
  const void *init; /* NULL if `out` is not a struct */
  size_t size;
} questions[] = {
  {describe, &out.info, &no_info, sizeof out.info},
  {feature, &out.feature, &no_feature, sizeof out.feature},
  {unit, &out.unit, &no_unit, sizeof out.unit},
  {member, &out.member, &no_member, sizeof out.member},
  {cutoff, &out.cutoff, &no_cutoff, sizeof out.cutoff},
  {rule, &out.rule, &no_rule, sizeof out.rule},
  {uncertainty, &out.uncertainty, &no_uncertainty, sizeof out.uncertainty},
  {index_of, &out.index, NULL, 0},
  {level, &out.text, NULL, 0},
  {class_of, &out.text, NULL, 0},
  {session_size, &out.index, NULL, 0},
};
static size_t asked;

static int32_t ask_with_struct(void *o) { return questions[asked].ask(policies, o, &error); }
static int32_t ask_with_error(nomo_error *e) { return questions[asked].ask(NULL, questions[asked].out, e); }

static void test_arguments(void) {
  for (asked = 0; asked < LENGTH(questions); asked++) {
    question ask = questions[asked].ask;
    void *o = questions[asked].out;
    fill();
    REFUSED(NOMO_EARGUMENT_NULL, ask(NULL, o, &error));
    CHECK(error.row == NOMO_PLACE_NONE && error.feature == NOMO_PLACE_NONE && error.byte_offset == NOMO_PLACE_NONE);
    REFUSED(NOMO_EARGUMENT_NULL, ask(policies, NULL, &error));
    REFUSED(NOMO_EARGUMENT_NULL, ask(NULL, NULL, &error));
    REFUSED_QUIET(NOMO_EARGUMENT_NULL, ask(policies, NULL, NULL));
    REFUSED(NOMO_EARGUMENT_ALIGNMENT, ask(off(policies), o, &error));
    REFUSED(NOMO_EARGUMENT_ALIGNMENT, ask(policies, off(&room), &error));
    ACCEPTED(ask(policies, o, &error));
    ACCEPTED(ask(policies, o, NULL));
    fill();
    check_error_struct(ask_with_error, NOMO_EARGUMENT_NULL, __LINE__);
    if (questions[asked].init != NULL)
      check_output_struct(ask_with_struct, questions[asked].init, questions[asked].size, __LINE__);
  }
  fill();
  REFUSED(NOMO_EARGUMENT_NULL, nomo_model_feature_index(policies, NULL, &out.index, &error));
}

/* Other calls neither move nor change the texts. */
static void test_texts_stay(void) {
  nomo_model_info info = NOMO_MODEL_INFO_INIT;
  nomo_model *model = open_or_exit("policies.nomo");
  nomo_session *session = session_or_exit(model);
  char name[64], digest[65];
  ACCEPTED(nomo_model_describe(model, &info, &error));
  strcpy(name, info.name);
  strcpy(digest, info.digest);
  walk(model);
  nomo_model_release(model); /* the session keeps it alive */
  nomo_model_release(open_or_exit("number.nomo"));
  CHECK_TEXT(info.name, name);
  CHECK_TEXT(info.digest, digest);
  nomo_session_destroy(session);
}

int main(int argc, char **argv) {
  int i;
  policies = open_or_exit("policies.nomo");
  number = open_or_exit("number.nomo");
  three_classes = open_or_exit("three_classes.nomo");
  three_members = open_or_exit("three_members.nomo");
  WATCH(out);
  test_describe();
  test_without_uncertainty();
  test_features();
  test_levels();
  test_units();
  test_classes();
  test_members();
  test_cutoffs();
  test_rules();
  test_arguments();
  test_texts_stay();
  walk(policies);
  walk(number);
  walk(three_classes);
  walk(three_members);
  for (i = 1; i < argc; i++) test_older_format(argv[i]);
  watch_nothing();
  nomo_model_release(policies);
  nomo_model_release(number);
  nomo_model_release(three_classes);
  nomo_model_release(three_members);
  return report();
}
