import TallyModel

/// A number that changes when anything changes in the catalog that capture depends on, for polls that cannot afford to read it all.
enum StructureCheck {
    /// One value; `$1` is the `oid[]` of the captured tables.
    static let structure = """
        (SELECT coalesce(sum(hashtextextended(concat_ws(',', 'a', attrelid, attnum, attname, atttypid, atttypmod,
                attnotnull, attisdropped, attgenerated, attcollation), 0)), 0)
            FROM pg_attribute WHERE attrelid = ANY($1) AND attnum > 0)
        + (SELECT coalesce(sum(hashtextextended(concat_ws(',', 'c', oid, relname, relnamespace, relreplident), 0)), 0)
            FROM pg_class WHERE oid = ANY($1))
        + (SELECT coalesce(sum(hashtextextended(concat_ws(',', 'i', indexrelid, indisvalid, indisreplident), 0)), 0)
            FROM pg_index WHERE indrelid = ANY($1))
        + (SELECT coalesce(sum(hashtextextended(concat_ws(',', 'p', inhrelid), 0)), 0)
            FROM pg_inherits WHERE inhparent = ANY($1))
        """

    /// The same with the triggers and what is recorded of them.
    static let capture =
        structure + """

            + (SELECT coalesce(sum(hashtextextended(concat_ws(',', 't', oid, tgenabled, xmin), 0)), 0)
                FROM pg_trigger WHERE tgrelid = ANY($1) AND tgname IN ('tally_bell', 'tally_rows', 'tally_truncate'))
            + (SELECT coalesce(sum(hashtextextended(concat_ws(',', 's', id, until), 0)), 0) FROM tally.shape)
            """

    /// One value: a number that changes when tables come, go, or are given other names.
    static let tables = """
        SELECT sum(hashtextextended(concat_ws(',', oid, relname, relnamespace), 0))::text FROM pg_class
        WHERE relkind IN ('r', 'p') AND NOT relispartition AND relpersistence <> 't'
        """

    /// The number for these tables as the open transaction sees the catalog.
    static func read(_ relations: [UInt32], in connection: PostgresConnection) throws -> String {
        try connection.query("SELECT (\(capture))::text", [.oids(relations)]).text(0, 0) ?? ""
    }
}
