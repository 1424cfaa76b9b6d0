/*
 * contract_sign.c - checks what nomogram.h promises about policies of trust.
 *
 * The bundles of nomogram-testkit are in the current folder. signed.nomo is signed by KEY as reviewer, from
 * second 1000 to second 2000; replayed.nomo has the signature of another bundle.
 */
#include "check.h"

#define KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define OTHER_KEY "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static struct {
  nomo_model *model;
} out;

static int32_t open_signed(const char *path, const char *policy, uint64_t time) {
  nomo_open_options options = NOMO_OPEN_OPTIONS_INIT;
  options.trust = policy;
  options.time = time;
  return nomo_model_open_file(path, &options, &out.model, &error);
}

static int32_t open_bytes_signed(const void *bytes, size_t bytes_len, const char *policy) {
  nomo_open_options options = NOMO_OPEN_OPTIONS_INIT;
  options.trust = policy;
  options.time = 1500;
  return nomo_model_open_memory(bytes, bytes_len, &options, &out.model, &error);
}

#define OPENED(call)                  \
  do {                                \
    ACCEPTED(call);                   \
    nomo_model_release(out.model);    \
    fill_watched();                   \
  } while (0)

static const char reviewed[] = "key " KEY " reviewer\nrequire reviewer\n";

static void test_refusals(void) {
  REFUSED(NOMO_EINTEGRITY_UNSIGNED, open_signed("three_members.nomo", reviewed, 1500));
  CHECK(strstr(error.message, "reviewer") != NULL);
  REFUSED(NOMO_EINTEGRITY_SIGNATURE, open_signed("replayed.nomo", reviewed, 1500));
  CHECK(strstr(error.message, "reviewer") != NULL);
  REFUSED(NOMO_EINTEGRITY_EXPIRED, open_signed("signed.nomo", reviewed, 2000));
  CHECK(strstr(error.message, "expired") != NULL);
  REFUSED(NOMO_EINTEGRITY_REVOKED,
          open_signed("signed.nomo", "key " KEY " reviewer\nrevoked " KEY "\nrequire reviewer", 1500));
  REFUSED(NOMO_EINTEGRITY_UNSIGNED,
          open_signed("signed.nomo", "key " OTHER_KEY " reviewer\nrequire reviewer", 1500));
  REFUSED(NOMO_EINTEGRITY_UNSIGNED,
          open_signed("signed.nomo", "key " KEY " reviewer\nrequire reviewer 2", 1500));
  REFUSED(NOMO_EINTEGRITY_UNSIGNED,
          open_signed("signed.nomo", "key " KEY " trainer\nrequire reviewer", 1500));
  REFUSED(NOMO_EINTEGRITY_PINNED, open_signed("signed.nomo", "digest " KEY, 1500));
}

static void test_policies(void) {
  static const char latin[] = "require caf\xe9";
  REFUSED(NOMO_EARGUMENT_TRUST, open_signed("signed.nomo", "", 1500));
  REFUSED(NOMO_EARGUMENT_TRUST, open_signed("signed.nomo", "trust everyone", 1500));
  CHECK(strstr(error.message, "line 1") != NULL);
  REFUSED(NOMO_EARGUMENT_TRUST, open_signed("signed.nomo", reviewed, 0));
  REFUSED(NOMO_EARGUMENT_TEXT, open_signed("signed.nomo", latin, 1500));
}

static void test_accepted(void) {
  static unsigned char bytes[1 << 20];
  nomo_model_info info = NOMO_MODEL_INFO_INIT;
  char pin[128], digest[65];
  size_t n;
  FILE *file = fopen("signed.nomo", "rb");
  if (file == NULL) abort();
  n = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  OPENED(open_signed("signed.nomo", reviewed, 1500));
  OPENED(open_bytes_signed(bytes, n, reviewed));
  /* Without a policy, a signature changes nothing: neither whether it opens, nor the digest. */
  OPENED(open_signed("replayed.nomo", NULL, 0));
  ACCEPTED(open_signed("three_members.nomo", NULL, 0));
  ACCEPTED(nomo_model_describe(out.model, &info, &error));
  strcpy(digest, info.digest);
  nomo_model_release(out.model);
  fill_watched();
  sprintf(pin, "digest %s", digest);
  OPENED(open_signed("three_members.nomo", pin, 1500));
  OPENED(open_signed("signed.nomo", pin, 1500));
}

int main(void) {
  WATCH(out);
  fill_watched();
  test_refusals();
  test_policies();
  test_accepted();
  watch_nothing();
  return report();
}
