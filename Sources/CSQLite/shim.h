// What Swift cannot import of sqlite3.h: variadic calls and function-pointer constants.
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

static const sqlite3_destructor_type tally_sqlite_transient = SQLITE_TRANSIENT;

// Swift's empty buffers have no base address, and a null pointer would bind NULL instead of empty text.
static inline int tally_sqlite_bind_text(sqlite3_stmt *statement, int index, const void *start, int count) {
    return sqlite3_bind_text(statement, index, start ? (const char *)start : "", count, SQLITE_TRANSIENT);
}

static inline void tally_sqlite_result_text(sqlite3_context *context, const void *start, int count) {
    sqlite3_result_text(context, start ? (const char *)start : "", count, SQLITE_TRANSIENT);
}

static inline int tally_sqlite_enable_triggers(sqlite3 *database, int enabled) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, enabled, (int *)0);
}

static inline int tally_sqlite_strict_quoting(sqlite3 *database) {
    int result = sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
    return result != SQLITE_OK ? result : sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
}

// Without memory statistics, which nobody asks for, allocations take no lock that all connections share. Must come
// before the first connection; later it changes nothing.
static inline void tally_sqlite_skip_statistics(void) {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
