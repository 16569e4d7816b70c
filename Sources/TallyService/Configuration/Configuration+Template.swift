extension Configuration {
    /// The file that `tally init` writes: it runs as it is once the two paths are right.
    public static let template = """
        # What Tally keeps in agreement. `tally check` says what is wrong with it and what would be done.
        # Every key is explained in docs/configuration.md. Lines without a space after # are settings to choose from.

        # Where Tally keeps its own memory; relative paths begin at this file's folder.
        #state: .tally

        # The places that hold data, by names of your own.
        stores:
          shop: { kind: sqlite, path: shop.db }
          copy: { kind: sqlite, path: copy.db }    # made when it is not there
          #branch: { kind: sqlite, path: branch.db }

        # One-way syncs between them.
        flows:
          - name: shop-to-copy
            from: shop
            to: copy
            tables: ["*"]             # names and patterns; "!audit_*" leaves tables out

            # How changes are seen: auto, log, trigger, timestamp or version.
            capture: auto
            #capture: { mode: timestamp, column: updated_at, overlap: 10s, poll: 1s, sweep: 5m }

            # Tables that the target lacks: missing (create them) or never.
            #create: missing

            # Target tables that hold rows which Tally did not write: refuse, keep or replace.
            #existing: refuse

            # When the source's tables change: columns that are added (follow, ignore, pause), dropped (keep, follow,
            # pause) or renamed (follow, pause).
            #schema: { added: follow, dropped: keep, renamed: follow }

            # What to do to rows on their way, in SQL over one row.
            #transform:
            #  customers:
            #    where: "country <> 'XX'"
            #    set: { email: "sha256(email)", phone: "redact(phone, 3)" }
            #    drop: [notes]
            #    rename: { name: full_name }
            #    table: clients

            # The lag that `tally status` judges by.
            #lag: 2s

            # How much memory changes on their way may take.
            #memory: 64MiB

            # How long to wait between attempts when a store fails.
            #retry: { first: 100ms, most: 30s }

        # Many-way syncs: stores that all accept writes (docs/groups.md).
        #groups:
        #  - name: carts
        #    members: [shop, branch]     # two stores or more
        #    seed: shop                  # whose tables and rows the group begins with
        #    tables:
        #      carts: {}                 # of concurrent writes the latest stands, column by column
        #      items:
        #        # latest, earliest, greatest, least, counter, set, map, text, manual, { prefer: [shop] }, { sql: "…" }
        #        merge: { quantity: counter, tags: set }
        #        delete: loses           # against a concurrent write: latest, wins or loses
        #    create: missing             # tables that a member lacks: missing (create them) or never
        #    skew: 60s                   # how far a clock may be ahead before its times are cut off
        #    lag: 5s

        """
}
