/*
 * fuzz_arguments.c - calls every function of nomogram.h with random arguments.
 *
 *     fuzz_arguments [N_CALLS [SEED]]
 *
 * Pointers are NULL, misaligned or good; sizes right, near, zero or more than memory can hold;
 * numbers and options anything. Every pointer that may be read points to memory, so the behaviour is
 * defined: each call must return a status of the header, and a failed one must change nothing. The bundles of nomogram-testkit are in the current folder.
 */
#include "arrow.h"
#include "outputs.h"

enum { MODELS = 3, SESSIONS = 4, ROWS = MAX_ROWS, FUNCTIONS = 42, MAX_EXPLAINED = 512 };

static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);

static uint64_t any(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}
static size_t below(size_t n) { return (size_t)(any() >> 11) % n; }
static int one_in(size_t n) { return below(n) == 0; }

/* ---- Random arguments -------------------------------------------------------------------- */

static const char *const files[MODELS] = {"policies.nomo", "number.nomo", "three_classes.nomo"};
static nomo_model *models[MODELS];
static nomo_model_info infos[MODELS];
static nomo_session *sessions[SESSIONS];
static size_t model_of[SESSIONS]; /* by session */
static nomo_monitor *monitors[MODELS]; /* NULL without a profile */
static nomo_model *explained; /* has background rows, groups and shares */
static nomo_model_info explained_info;
static nomo_session *explained_session;
static nomo_explainer *explainer;
static unsigned char *bundle;
static size_t n_bundle;

/* All memory that a call may write. */
static struct {
  results results;
  roomy room; /* for a struct that the library writes */
  nomo_model *model;
  nomo_session *session;
  nomo_monitor *monitor;
  nomo_explainer *explainer;
  double attributions[4][MAX_EXPLAINED];
  int32_t row_status[ROWS];
  unsigned char counts[1 << 13];
  const char *text;
  size_t size;
  uint32_t c;
  struct ArrowSchema schema;
  struct ArrowArray array;
} out;

static void *pointer(const void *good) {
  size_t draw = below(24);
  return draw == 0 ? NULL : draw == 1 ? off(good) : (void *)(uintptr_t)good;
}

static size_t length(size_t right) {
  static const size_t huge[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 9};
  switch (below(16)) {
    case 0: return 0;
    case 1: return right + 1;
    case 2: return right - 1;
    case 3: return huge[below(LENGTH(huge))];
    default: return right;
  }
}

static size_t an_index(size_t n) { return one_in(8) ? length(n) : n == 0 ? 0 : below(n); }
static uint32_t option(uint32_t n) { return one_in(12) ? (uint32_t)any() : (uint32_t)below(n); }

static double value(void) {
  static const double some[] = {0, 1, 2, 3, 18, 37, 40, 50, 70, 100, 170, -1, 0.5, 1e100, 1e101, -1e308, 4.9e-324};
  double drawn;
  uint64_t bits = any();
  size_t draw = below(32);
  if (draw == 0) return not_a_number();
  if (draw == 1) return HUGE_VAL;
  if (draw == 2) return -HUGE_VAL;
  if (draw > 4) return some[below(LENGTH(some))];
  memcpy(&drawn, &bits, sizeof drawn);
  return drawn;
}

static const char *text(void) {
  static const char *const some[] = {
    "age", "dose", "site", "", "I", "II", "left", "high", "a", "mo", "K", "[degF]", "mg", "1", "error",
    "not-performed", "unknown", "\xff", "\xc3", "gr\xc3\xb6\xc3\x9f\x65", "\xce\xb1", "no such thing"};
  return one_in(24) ? NULL : some[below(LENGTH(some))];
}

/* Every second time a unit of the feature, if it has one. */
static const char *unit(const nomo_model *model, size_t feature) {
  nomo_unit known = NOMO_UNIT_INIT;
  int is_known = one_in(2) && nomo_model_unit(model, feature, 0, &known, NULL) == NOMO_OK;
  return is_known ? known.code : text();
}

/* The caller's error: good, of a bad size, misaligned, NULL. */
static nomo_error *an_error(void) {
  size_t draw = below(16);
  if (draw == 0) return NULL;
  if (draw == 1) return off(&error);
  if (draw == 2) error.struct_size = bad_sizes[below(LENGTH(bad_sizes))];
  memcpy(&error_before, &error, sizeof error);
  return &error;
}

/* The struct that the library writes, as it was before. */
static const void *struct_given;
static roomy struct_before;

/* A struct that the library only writes: with any tail. */
static void *a_struct(const void *init, size_t size) {
  size_t draw = below(16);
  memset(&out.room, 0, sizeof out.room);
  memcpy(&out.room, init, size);
  if (draw == 0) out.room.struct_size = bad_sizes[below(LENGTH(bad_sizes))];
  if (draw == 1) out.room.struct_size = (uint32_t)(size + 8 * below(8));
  if (draw == 2) out.room.struct_size = (uint32_t)below(sizeof out.room);
  if (draw == 1) memset(out.room.bytes + size, (int)below(256), 64);
  memcpy(&struct_before, &out.room, sizeof out.room);
  struct_given = &out.room;
  return pointer(&out.room);
}

static double numbers[ROWS * MAX_IN * 2];

static void draw_numbers(size_t n_features) {
  size_t i;
  for (i = 0; i < LENGTH(numbers); i++)
    numbers[i] = one_in(6) ? value() : n_features == N_FEATURES ? good_row[i % N_FEATURES] : (double)(i % 2);
}

static nomo_outputs outputs_of(const nomo_model_info *info, size_t n_rows) {
  nomo_outputs o = all_outputs(&out.results, info, n_rows);
  size_t *lengths[] = {&o.probabilities_len, &o.class_indices_len, &o.cutoffs_reached_len, &o.members_len,
                       &o.margins_len, &o.row_status_len, &o.row_flags_len, &o.flag_counts_len,
                       &o.feature_flags_len, &o.rules_broken_len};
  o.on_refusal = option(2);
  if (one_in(16)) o.struct_size = (uint32_t)any();
  if (one_in(3)) *lengths[below(LENGTH(lengths))] = length(n_rows);
  if (one_in(3)) o.probabilities = NULL, o.probabilities_len = length(0);
  if (one_in(3)) o.members = pointer(o.members);
  if (one_in(3)) o.class_indices = NULL, o.class_indices_len = 0;
  if (one_in(3)) o.flag_counts = pointer(o.flag_counts);
  if (one_in(8)) o.row_status = NULL, o.row_status_len = 0;
  if (one_in(8)) o.margins = pointer(o.margins);
  return o;
}

/* ---- Calls ------------------------------------------------------------------------------- */

static void listen(void *user, uint32_t level, const char *message) {
  CHECK(user == &error && level >= NOMO_LOG_INFO && level <= NOMO_LOG_ERROR && is_utf8(message));
}

static const nomo_open_options *options(void) {
  static nomo_open_options o;
  const nomo_open_options init = NOMO_OPEN_OPTIONS_INIT;
  if (one_in(3)) return NULL;
  o = init;
  if (one_in(8)) o.struct_size = (uint32_t)below(sizeof o);
  if (one_in(8)) o.flags = option(2);
  if (one_in(8)) o.max_bytes = any() >> below(64);
  if (one_in(2)) o.log = listen, o.log_user = &error;
  return pointer(&o);
}

static int32_t open_one(nomo_error *e) {
  static const char *const paths[] = {"number.nomo", "no such file", ".", "", "wrong_golden.nomo", "newer_critical.nomo", "\xff"};
  int32_t s;
  if (one_in(2)) {
    s = nomo_model_open_file(one_in(16) ? NULL : paths[below(LENGTH(paths))], options(), pointer(&out.model), e);
  } else {
    size_t at = below(n_bundle), n = one_in(3) ? n_bundle : below(n_bundle + 1);
    unsigned char kept = bundle[at];
    if (one_in(3)) bundle[at] ^= (unsigned char)any();
    s = nomo_model_open_memory(one_in(16) ? NULL : bundle, one_in(16) ? SIZE_MAX - below(9) : n, options(), pointer(&out.model), e);
    bundle[at] = kept;
  }
  if (s == NOMO_OK) nomo_model_release(out.model);
  return s;
}

static int32_t recreate(size_t i, nomo_error *e) {
  size_t m = below(MODELS);
  int32_t s = nomo_session_create(pointer(models[m]), pointer(&out.session), e);
  if (s != NOMO_OK) return s;
  nomo_session_destroy(sessions[i]);
  sessions[i] = out.session;
  model_of[i] = m;
  return s;
}

static int32_t create_in(nomo_error *e) {
  static unsigned char memory[1 << 14];
  const nomo_model *model = models[below(MODELS)];
  size_t n = sizeof memory - 8;
  int32_t s;
  if (one_in(2) && nomo_session_size(model, &n, NULL) == NOMO_OK) n -= below(2);
  if (one_in(16)) n = below(n + 1);
  s = nomo_session_create_in(pointer(model), pointer(memory + below(8)), n, pointer(&out.session), e);
  if (s == NOMO_OK) nomo_session_destroy(out.session);
  return s;
}

static int32_t create_monitor(nomo_error *e) {
  static unsigned char memory[1 << 13];
  const nomo_model *model = models[below(MODELS)];
  size_t n = sizeof memory - 8, bytes_len;
  int32_t s;
  if (one_in(2)) return nomo_monitor_size(pointer(model), pointer(&out.size), pointer(&out.size), e);
  if (nomo_monitor_size(model, &n, &bytes_len, NULL) == NOMO_OK) n -= below(2);
  if (one_in(4)) s = nomo_monitor_create(pointer(model), pointer(&out.monitor), e);
  else s = nomo_monitor_create_in(pointer(model), pointer(memory + below(8)), n, pointer(&out.monitor), e);
  if (s == NOMO_OK) nomo_monitor_destroy(out.monitor);
  return s;
}

static size_t counts_len(size_t m) {
  size_t memory_len, bytes_len = 0;
  return nomo_monitor_size(models[m], &memory_len, &bytes_len, NULL) == NOMO_OK ? bytes_len : 0;
}

static int32_t add_counts(nomo_error *e) {
  static unsigned char counts[1 << 13];
  size_t m = below(MODELS), n = counts_len(m);
  if (n == 0 || n > sizeof counts || nomo_monitor_write(monitors[m], 1, counts, n, NULL) != NOMO_OK) return NOMO_OK;
  if (one_in(4)) counts[below(n)] ^= (unsigned char)any();
  return nomo_monitor_add(pointer(monitors[below(MODELS)]), pointer(counts), one_in(4) ? below(n + 1) : n, e);
}

static int32_t recreate_explainer(nomo_error *e) {
  const nomo_explainer_options init = NOMO_EXPLAINER_OPTIONS_INIT;
  nomo_explainer_options o = init;
  const nomo_model *model = one_in(8) ? models[below(MODELS)] : explained;
  int32_t s;
  o.explained = option(3);
  o.member = option(4);
  o.method = option(4);
  o.n_pairs = one_in(3) ? option(9) : 0;
  if (one_in(8)) o.struct_size = bad_sizes[below(LENGTH(bad_sizes))];
  if (one_in(16)) o.reserved = option(2);
  s = nomo_explainer_create(pointer(model), one_in(4) ? NULL : pointer(&o), pointer(&out.explainer), e);
  if (s != NOMO_OK) return s;
  if (model != explained) {
    nomo_explainer_destroy(out.explainer);
    return s;
  }
  nomo_explainer_destroy(explainer);
  explainer = out.explainer;
  return s;
}

static nomo_attributions attributions_of(size_t n_rows) {
  const nomo_attributions init = NOMO_ATTRIBUTIONS_INIT;
  nomo_explainer_info info = NOMO_EXPLAINER_INFO_INIT;
  nomo_attributions o = init;
  size_t *lengths[] = {&o.values_len, &o.base_len, &o.explained_len, &o.std_errors_len, &o.row_status_len};
  if (nomo_explainer_describe(explainer, &info, NULL) != NOMO_OK) abort();
  o.values_len = o.std_errors_len = n_rows * info.n_explained * info.n_players;
  o.explained_len = n_rows * info.n_explained;
  o.base_len = info.n_explained;
  o.row_status_len = n_rows;
  if (o.values_len > MAX_EXPLAINED) abort();
  o.values = out.attributions[0];
  o.base = out.attributions[1];
  o.explained = out.attributions[2];
  o.std_errors = out.attributions[3];
  o.row_status = out.row_status;
  o.on_refusal = option(2);
  if (one_in(16)) o.struct_size = (uint32_t)any();
  if (one_in(3)) *lengths[below(LENGTH(lengths))] = length(n_rows);
  if (one_in(3)) o.values = pointer(o.values);
  if (one_in(3)) o.base = NULL, o.base_len = length(0);
  if (one_in(3)) o.std_errors = NULL, o.std_errors_len = 0;
  if (one_in(8)) o.row_status = NULL, o.row_status_len = 0;
  return o;
}

static int32_t explain_row(nomo_error *e) {
  nomo_attributions o = attributions_of(1);
  size_t n = explained_info.n_features;
  draw_numbers(n);
  return nomo_explainer_explain_row(pointer(explainer), pointer(numbers), length(n), pointer(&o), e);
}

static int32_t explain_session(nomo_error *e) {
  nomo_attributions o = attributions_of(1);
  nomo_session *session = one_in(8) ? sessions[below(SESSIONS)] : explained_session;
  size_t i;
  for (i = 0; i < explained_info.n_features; i++) nomo_session_set_number(explained_session, i, value(), NULL);
  return nomo_explainer_explain_session(pointer(explainer), pointer(session), pointer(&o), e);
}

static int32_t explain_matrix(nomo_error *e) {
  size_t n_rows = below(ROWS + 1), n = explained_info.n_features;
  nomo_attributions o = attributions_of(n_rows);
  nomo_matrix m = row_major(numbers, n_rows, n);
  draw_numbers(n);
  m.values_len = LENGTH(numbers);
  if (one_in(8)) m.values_len = one_in(2) ? below(LENGTH(numbers)) : SIZE_MAX - below(3);
  if (one_in(8)) m.n_columns = length(n);
  if (one_in(8)) m.row_stride = length(below(40));
  if (one_in(8)) m.column_stride = length(below(8));
  if (one_in(16)) m.n_rows = length(n_rows);
  m.values = pointer(m.values);
  return nomo_explainer_explain_matrix(pointer(explainer), pointer(&m), pointer(&o), e);
}

static int32_t predict_row(nomo_session *session, const nomo_model_info *info, nomo_error *e) {
  draw_numbers(info->n_features);
  return nomo_session_predict_row(session, pointer(numbers), length(info->n_features), pointer(out.results.probabilities),
                                  length(info->n_outputs), one_in(4) ? NULL : pointer(&out.c), e);
}

static int32_t predict_matrix(nomo_session *session, const nomo_model_info *info, nomo_error *e) {
  static float floats[LENGTH(numbers)];
  static nomo_matrix m;
  static nomo_outputs o;
  size_t i, n_rows = below(ROWS + 1);
  draw_numbers(info->n_features);
  m = row_major(numbers, n_rows, info->n_features);
  m.values_len = LENGTH(numbers);
  if (one_in(4)) {
    for (i = 0; i < LENGTH(numbers); i++) floats[i] = fabs(numbers[i]) < 1e38 ? (float)numbers[i] : 1e38f;
    m.values = floats;
    m.element_type = NOMO_TYPE_FLOAT;
  }
  if (one_in(8)) m.element_type = option(8) == NOMO_TYPE_FLOAT ? NOMO_TYPE_FLOAT : 2 + option(8);
  if (m.element_type == NOMO_TYPE_DOUBLE && m.values == floats) m.values = numbers;
  if (one_in(8)) m.struct_size = bad_sizes[below(LENGTH(bad_sizes))];
  m.values = pointer(m.values);
  if (one_in(8)) m.values_len = one_in(2) ? below(LENGTH(numbers)) : SIZE_MAX - below(3);
  if (one_in(8)) m.n_columns = length(info->n_features);
  if (one_in(4)) m.row_stride = length(below(40));
  if (one_in(4)) m.column_stride = length(below(8));
  o = outputs_of(info, n_rows);
  if (one_in(16)) m.n_rows = length(n_rows);
  return nomo_session_predict_matrix(session, pointer(&m), pointer(&o), e);
}

/* One buffer that can be read as elements of any type. */
static union {
  double f64[ROWS];
  float f32[ROWS];
  int64_t i64[ROWS];
  int32_t i32[ROWS];
  uint8_t boolean[ROWS * 8];
  const char *text[ROWS];
} elements[MAX_IN + 4];

static int32_t predict_columns(nomo_session *session, const nomo_model_info *info, nomo_error *e) {
  static nomo_column columns[MAX_IN + 4];
  static uint8_t validity[ROWS];
  static nomo_outputs o;
  size_t i, j, n_rows = below(ROWS + 1), n_columns = info->n_features;
  draw_numbers(info->n_features);
  for (j = 0; j < LENGTH(columns); j++) {
    const nomo_column init = NOMO_COLUMN_INIT;
    columns[j] = init;
    columns[j].feature = j;
    if (one_in(5)) columns[j].element_type = option(6);
    for (i = 0; i < ROWS; i++) /* elements of the right type, since all of them may be read */
      switch (columns[j].element_type) {
        case NOMO_TYPE_FLOAT: elements[j].f32[i] = (float)below(200); break;
        case NOMO_TYPE_INT64: elements[j].i64[i] = (int64_t)any() >> below(64); break;
        case NOMO_TYPE_INT32: elements[j].i32[i] = (int32_t)any() >> below(32); break;
        case NOMO_TYPE_BOOLEAN: elements[j].boolean[i] = (uint8_t)below(3); break;
        case NOMO_TYPE_TEXT: elements[j].text[i] = text(); break;
        default: elements[j].f64[i] = numbers[i * info->n_features + j % info->n_features];
      }
    columns[j].values = one_in(3) ? pointer(&elements[j]) : &elements[j];
    columns[j].values_len = one_in(8) ? length(n_rows) : n_rows;
    if (one_in(6)) columns[j].validity = pointer(validity);
    if (columns[j].validity != NULL) columns[j].validity_len = one_in(8) ? below(sizeof validity) : 1;
    if (columns[j].validity == off(validity)) columns[j].validity_len = 1;
    if (one_in(16)) columns[j].unit = text();
    if (one_in(48)) columns[j].feature = an_index(info->n_features);
    if (one_in(96)) columns[j].struct_size = bad_sizes[below(LENGTH(bad_sizes))];
  }
  for (i = 0; i < sizeof validity; i++) validity[i] = (uint8_t)any();
  if (one_in(4)) n_columns = below(n_columns + 3);
  o = outputs_of(info, n_rows);
  if (one_in(16)) n_rows = length(n_rows);
  return nomo_session_predict_columns(session, pointer(columns), n_columns, n_rows, pointer(&o), e);
}

/* A count of Arrow: unchanged, or any value that does not exceed the memory. */
static void spoil(int64_t *count) { *count = one_in(2) ? -(int64_t)below(9) : (int64_t)(any() | UINT64_C(1) << 62); }

static int32_t predict_arrow(nomo_session *session, nomo_model *model, const nomo_model_info *info, int write, nomo_error *e) {
  static const char *const formats[] = {"g", "f", "l", "i", "L", "b", "n", "z", ""};
  static table t;
  static nomo_outputs o;
  size_t i, j, n_rows = below(ROWS + 1);
  uint32_t flags = option(2);
  draw_numbers(info->n_features);
  make_table(&t, n_rows);
  for (j = 0; j < info->n_features; j++) {
    nomo_feature feature = NOMO_FEATURE_INIT;
    if (nomo_model_feature(model, j, &feature, NULL) != NOMO_OK) abort();
    for (i = 0; i < ROWS; i++) elements[j].f64[i] = numbers[i * info->n_features + j];
    add_column(&t, one_in(96) ? text() : feature.name, one_in(24) ? formats[below(LENGTH(formats))] : "g", &elements[j], NULL);
    if (one_in(12)) t.buffers[j][0] = numbers;
  }
  if (one_in(8)) t.array.offset = (int64_t)below(n_rows + 1), t.array.length = (int64_t)n_rows - t.array.offset;
  o = outputs_of(info, (size_t)t.array.length);
  if (one_in(8) && info->n_features > 0) { /* something is wrong with one column */
    j = below(info->n_features);
    switch (below(8)) {
      case 0: spoil(&t.arrays[j].length); break;
      case 1: spoil(&t.arrays[j].offset); break;
      case 2: spoil(&t.arrays[j].n_buffers); break;
      case 3: spoil(&t.arrays[j].null_count); break;
      case 4: t.buffers[j][1] = pointer(&elements[j]); break;
      case 5: t.array_pointers[j] = pointer(&t.arrays[j]); break;
      case 6: t.schemas[j].release = NULL; break;
      default: t.schemas[j].dictionary = pointer(&t.schemas[j]);
    }
    if (t.arrays[j].length > t.array.length) t.arrays[j].length = t.array.length + t.array.offset;
  }
  if (one_in(16)) spoil(one_in(2) ? &t.array.length : &t.schema.n_children);
  if (write == 2)
    return nomo_explainer_explain_to_arrow(pointer(explainer), pointer(&t.schema), pointer(&t.array), flags, option(2),
                                           pointer(&out.schema), pointer(&out.array), e);
  if (write == 1)
    return nomo_session_predict_to_arrow(session, pointer(&t.schema), pointer(&t.array), flags, option(2),
                                         pointer(&out.schema), pointer(&out.array), e);
  return nomo_session_predict_arrow(session, pointer(&t.schema), pointer(&t.array), flags, pointer(&o), e);
}

static int32_t call(size_t function, nomo_error *e) {
  static const nomo_model_info no_info = NOMO_MODEL_INFO_INIT;
  static const nomo_feature no_feature = NOMO_FEATURE_INIT;
  static const nomo_unit no_unit = NOMO_UNIT_INIT;
  static const nomo_member no_member = NOMO_MEMBER_INIT;
  static const nomo_cutoff no_cutoff = NOMO_CUTOFF_INIT;
  static const nomo_rule no_rule = NOMO_RULE_INIT;
  static const nomo_uncertainty no_uncertainty = NOMO_UNCERTAINTY_INIT;
  static const nomo_explainer_info no_explainer = NOMO_EXPLAINER_INFO_INIT;
  static const nomo_player no_player = NOMO_PLAYER_INIT;
  static nomo_outputs o;
  size_t i = below(SESSIONS), f;
  nomo_session *good = sessions[i], *s = pointer(good);
  const nomo_model_info *info = &infos[model_of[i]];
  nomo_model *m = pointer(models[model_of[i]]);
  int32_t found;
  f = an_index(info->n_features);
  switch (function) {
    case 0: return open_one(e);
    case 1: return recreate(i, e);
    case 2:
      found = nomo_model_retain(m);
      if (found == NOMO_OK) nomo_model_release(m);
      return found;
    case 3: return nomo_model_self_test(m, e);
    case 4: return nomo_model_describe(m, a_struct(&no_info, sizeof no_info), e);
    case 5: return nomo_model_feature(m, f, a_struct(&no_feature, sizeof no_feature), e);
    case 6: return nomo_model_feature_index(m, text(), pointer(&out.size), e);
    case 7: return nomo_model_level(m, f, an_index(3), pointer(&out.text), e);
    case 8: return nomo_model_unit(m, f, an_index(1), a_struct(&no_unit, sizeof no_unit), e);
    case 9: return nomo_model_class(m, an_index(2), pointer(&out.text), e);
    case 10: return nomo_model_member(m, an_index(2), a_struct(&no_member, sizeof no_member), e);
    case 11: return nomo_model_cutoff(m, an_index(2), a_struct(&no_cutoff, sizeof no_cutoff), e);
    case 12: return nomo_model_rule(m, an_index(2), a_struct(&no_rule, sizeof no_rule), e);
    case 13: return nomo_session_size(m, pointer(&out.size), e);
    case 14: return nomo_session_clear(s, e);
    case 15: return nomo_session_set_number_in(s, f, value(), unit(models[model_of[i]], f), e);
    case 16: return nomo_session_set_integer(s, f, (int64_t)any() >> below(64), e);
    case 17: return nomo_session_set_boolean(s, f, option(2), e);
    case 18: return nomo_session_set_text(s, f, text(), e);
    case 19: return nomo_session_set_missing(s, f, text(), e);
    case 20: return predict_row(s, info, e);
    case 21: return predict_matrix(s, info, e);
    case 22: return predict_columns(s, info, e);
    case 23: /* a whole row, so that it can be predicted */
      for (f = 0; f < info->n_features; f++)
        if (nomo_session_set_number(good, f, info->n_features == N_FEATURES ? good_row[f] : 1, NULL) != NOMO_OK) abort();
      return NOMO_OK;
    case 24: return nomo_session_set_number(s, f, value(), e);
    case 25: return create_in(e);
    case 26: return predict_arrow(s, models[model_of[i]], info, 0, e);
    case 27:
    case 40:
      found = function == 27 ? predict_arrow(s, models[model_of[i]], info, 1, e)
                             : predict_arrow(s, explained, &explained_info, 2, e);
      if (found != NOMO_OK) return found;
      out.schema.release(&out.schema);
      out.array.release(&out.array);
      return found;
    case 28: return create_monitor(e);
    case 29: return add_counts(e);
    case 30: return nomo_monitor_clear(pointer(monitors[below(MODELS)]), e);
    case 31: return nomo_monitor_add_outcome(pointer(monitors[below(MODELS)]), value(), option(2), e);
    case 32:
      f = below(MODELS);
      return nomo_monitor_write(pointer(monitors[f]), option(6), pointer(out.counts), one_in(8) ? below(sizeof out.counts) : counts_len(f), e);
    case 33: return nomo_session_set_monitor(s, one_in(3) ? NULL : pointer(monitors[below(MODELS)]), e);
    case 34: return nomo_model_uncertainty(m, a_struct(&no_uncertainty, sizeof no_uncertainty), e);
    case 35: return recreate_explainer(e);
    case 36:
      if (one_in(2)) return nomo_explainer_describe(pointer(explainer), a_struct(&no_explainer, sizeof no_explainer), e);
      return nomo_explainer_player(pointer(explainer), an_index(3), a_struct(&no_player, sizeof no_player), e);
    case 37: return explain_row(e);
    case 38: return explain_session(e);
    case 39: return explain_matrix(e);
    default:
      o = outputs_of(info, 1);
      return nomo_session_predict(s, pointer(&o), e);
  }
}

/* ---- Checks after each call -------------------------------------------------------------- */

static unsigned long n_succeeded[FUNCTIONS], n_called[FUNCTIONS];
static struct {
  int32_t status;
  unsigned long n;
} seen[64];

static void count(int32_t s) {
  size_t i;
  for (i = 0; i < LENGTH(seen) && seen[i].n > 0 && seen[i].status != s; i++) {}
  if (i == LENGTH(seen)) return;
  seen[i].status = s;
  seen[i].n++;
}

static void one_call(unsigned long number) {
  size_t function = below(FUNCTIONS);
  nomo_error *e;
  unsigned long failed_before = n_failed;
  begin();
  e = an_error();
  struct_given = NULL;
  status = call(function, e);
  n_called[function]++;
  n_succeeded[function] += status == NOMO_OK;
  count(status);
  if (status == NOMO_OK) {
    CHECK(error_is_same());
  } else {
    CHECK(is_failure(status) && status != NOMO_EDEFECT && status != NOMO_EBUSY);
    if (e == &error && error_before.struct_size == sizeof error) {
      if (function == 2) CHECK(error_is_same()); /* takes no error */
      else CHECK(error_is_filled());
    } else {
      CHECK(error_is_same());
    }
    CHECK(is_untouched());
    CHECK(struct_given == NULL || memcmp(&out.room, &struct_before, sizeof struct_before) == 0);
  }
  if (n_failed != failed_before)
    printf("  call %lu of function %zu: %s: %.100s\n", number, function, nomo_status_name(status), e == &error ? error.message : "");
}

int main(int argc, char **argv) {
  unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 150000, i;
  size_t j;
  if (argc > 2) state ^= strtoul(argv[2], NULL, 10) * UINT64_C(0xD1342543DE82EF95);
  bundle = read_file("three_members.nomo", &n_bundle);
  if (bundle == NULL) return 2;
  for (j = 0; j < MODELS; j++) {
    const nomo_model_info init = NOMO_MODEL_INFO_INIT;
    models[j] = open_or_exit(files[j]);
    infos[j] = init;
    if (nomo_model_describe(models[j], &infos[j], NULL) != NOMO_OK) abort();
    if (counts_len(j) > 0 && nomo_monitor_create(models[j], &monitors[j], NULL) != NOMO_OK) abort();
  }
  for (j = 0; j < SESSIONS; j++) {
    model_of[j] = j % MODELS;
    sessions[j] = session_or_exit(models[model_of[j]]);
  }
  explained = open_or_exit("explained.nomo");
  explained_session = session_or_exit(explained);
  memset(&explained_info, 0, sizeof explained_info);
  explained_info.struct_size = (uint32_t)sizeof explained_info;
  if (nomo_model_describe(explained, &explained_info, NULL) != NOMO_OK) abort();
  if (nomo_explainer_create(explained, NULL, &explainer, NULL) != NOMO_OK) abort();
  WATCH(out.results);
  WATCH(out.model);
  WATCH(out.session);
  WATCH(out.monitor);
  WATCH(out.explainer);
  WATCH(out.attributions);
  WATCH(out.row_status);
  WATCH(out.counts);
  WATCH(out.text);
  WATCH(out.size);
  WATCH(out.c);
  WATCH(out.schema);
  WATCH(out.array);
  fill_watched();
  for (i = 0; i < n; i++) one_call(i);
  for (j = 0; j < FUNCTIONS; j++) { /* otherwise the calls prove little */
    CHECK(n_called[j] > n / 60);
    if (!CHECK(n_succeeded[j] > n_called[j] / 100))
      printf("  function %zu: %lu of %lu calls\n", j, n_succeeded[j], n_called[j]);
  }
  for (j = 0; j < LENGTH(seen) && seen[j].n > 0; j++)
    printf("# %7lu %s\n", seen[j].n, nomo_status_name(seen[j].status));
  CHECK(j >= 24);
  watch_nothing();
  for (j = 0; j < SESSIONS; j++) nomo_session_destroy(sessions[j]);
  for (j = 0; j < MODELS; j++) nomo_monitor_destroy(monitors[j]);
  for (j = 0; j < MODELS; j++) nomo_model_release(models[j]);
  nomo_explainer_destroy(explainer);
  nomo_session_destroy(explained_session);
  nomo_model_release(explained);
  free(bundle);
  return report();
}
