package import TallyModel

/// Builds COPY data row by row, in memory that it keeps from one copy to the next.
package struct CopyBuffer: ~Copyable {
    private let columns: [PostgresColumn]
    /// For each column, the place of its value in a row.
    private let places: [Int]
    private let hasBinaryForm: Bool
    private var writer = ByteWriter(capacity: 1 << 16)
    package private(set) var format = CopyFormat.binary
    /// How many rows the data holds.
    package private(set) var rowCount = 0

    /// - Parameters:
    ///   - columns: The columns of the COPY statement, in its order.
    ///   - places: For each, the place of its value in the rows to come; `nil` for the same order.
    package init(columns: [PostgresColumn], places: [Int]? = nil) {
        self.columns = columns
        self.places = places ?? Array(columns.indices)
        precondition(self.places.count == columns.count)
        hasBinaryForm = columns.allSatisfy(\.shape.hasBinaryForm)
    }

    package var byteCount: Int { writer.count }

    /// Lends the data for the length of `body`, for ``PostgresConnection/send(_:)-(UnsafeRawBufferPointer)``.
    package borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try writer.withBytes(body)
    }

    /// Builds the whole data of a copy: in binary form where every value fits, else as text; see ``format``.
    ///
    /// - Returns: The rows that no form can hold, by index, and why. The data is without them.
    package mutating func fill(_ count: Int, row: (Int) -> Row) -> [(index: Int, problem: EncodingProblem)] {
        for format: CopyFormat in hasBinaryForm ? [.binary, .text] : [.text] {
            begin(format)
            var problems: [(index: Int, problem: EncodingProblem)] = []
            var fits = true
            for index in 0..<count where fits {
                do throws(EncodingProblem) {
                    fits = try append(row(index))
                } catch {
                    problems.append((index, error))
                }
            }
            if fits {
                end()
                return problems
            }
        }
        // Every value fits text.
        return []
    }

    /// Forgets all rows and begins another copy's data.
    package mutating func begin(_ format: CopyFormat) {
        self.format = format
        rowCount = 0
        writer.truncate(to: 0)
        guard format == .binary else { return }
        writer.append("PGCOPY\n")
        writer.append([0xff, 0x0d, 0x0a, 0x00])
        // No flags, no further header.
        writer.appendBigEndian(Int64(0))
    }

    /// Adds a row.
    ///
    /// - Returns: False where a value does not fit the binary form: the row is not added, and the copy has to begin
    ///   again as text.
    /// - Throws: ``EncodingProblem`` where no form can hold it, or a value is absent; the row is not added.
    package mutating func append(_ row: Row) throws(EncodingProblem) -> Bool {
        let mark = writer.count
        do throws(EncodingProblem) {
            guard try format == .binary ? appendBinary(row) : appendText(row) else {
                writer.truncate(to: mark)
                return false
            }
        } catch {
            writer.truncate(to: mark)
            throw error
        }
        rowCount += 1
        return true
    }

    /// Ends the data.
    package mutating func end() {
        if format == .binary { writer.appendBigEndian(Int16(-1)) }
    }

    private mutating func appendBinary(_ row: Row) throws(EncodingProblem) -> Bool {
        writer.appendBigEndian(Int16(truncatingIfNeeded: columns.count))
        for index in columns.indices {
            guard let value = row.values[places[index]] else { throw EncodingProblem(.missing).adding(columns[index]) }
            guard !columns[index].isReadAsText(value) else { return false }
            do throws(EncodingProblem) {
                guard try ValueEncoding.appendField(value, as: columns[index].shape, to: &writer) else { return false }
            } catch {
                throw error.adding(columns[index])
            }
        }
        return true
    }

    private mutating func appendText(_ row: Row) throws(EncodingProblem) -> Bool {
        for index in columns.indices {
            if index > 0 { writer.append(UInt8(ascii: "\t")) }
            guard let value = row.values[places[index]] else { throw EncodingProblem(.missing).adding(columns[index]) }
            do throws(EncodingProblem) {
                try ValueEncoding.appendCopyText(value, as: columns[index].shape, to: &writer)
            } catch {
                throw error.adding(columns[index])
            }
        }
        writer.append(UInt8(ascii: "\n"))
        return true
    }
}

extension PostgresColumn {
    /// Whether the binary form would say something else: XML that names its own encoding is converted from it, though
    /// all texts here are UTF-8.
    func isReadAsText(_ value: Value) -> Bool {
        switch value {
        case .text(let text): type == Self.xml && text.utf8.starts(with: "<?xml".utf8)
        case .array: shape == .array(element: .text, elementType: Self.xml)
        default: false
        }
    }

    private static let xml: UInt32 = 142
}
