import TallyService

/// Loads a configuration from a text, as if it were the file `/shop/tally.yaml`.
func loadConfiguration(
    _ yaml: String,
    environment: [String: String] = [:],
    files: [String: String] = [:]
) throws(ConfigurationProblems) -> Configuration {
    try Configuration.load(path: "/shop/tally.yaml", environment: environment) { path in
        path == "/shop/tally.yaml" ? yaml : files[path]
    }
}

/// All that is wrong with a text, as it is printed, without the file's folder.
func configurationProblems(
    _ yaml: String,
    environment: [String: String] = [:],
    files: [String: String] = [:]
) -> [String] {
    do {
        _ = try loadConfiguration(yaml, environment: environment, files: files)
        return []
    } catch {
        return error.description.split(separator: "\n").map { String($0.replacing("/shop/tally.yaml:", with: "")) }
    }
}

/// A configuration with two stores and one flow, with more lines for the flow.
func configurationText(_ lines: String...) -> String {
    """
    stores: { shop: { kind: sqlite, path: shop.db }, copy: { kind: sqlite, path: copy.db } }
    flows:
      - name: shop-to-copy
        from: shop
        to: copy

    """ + lines.map { "    \($0)\n" }.joined()
}
