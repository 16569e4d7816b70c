#include <sqlite3.h>

// What Swift cannot import of sqlite3.h: a function-pointer constant.
static const sqlite3_destructor_type benchmarks_transient = SQLITE_TRANSIENT;
