/// A private server, or a program of PostgreSQL's run against it, did not do what it was asked for.
package struct PrivatePostgresError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
