/// The rule for names that people give to what a home holds: corpora, indexes, assistants. Some of them become names of
/// folders and parts of addresses, so one rule holds for all: none can leave its folder, hide, or need quoting.
public enum ObjectName {
    /// Longest name, in bytes of UTF-8.
    public static let longest = 64

    /// The rule in words, for messages.
    public static let rule =
        "1 to \(longest) bytes of letters, digits, '-', '_' or '.', not beginning with '.' or '-'"

    /// Whether a name keeps the rule. Letters are those of any script.
    public static func isValid(_ name: String) -> Bool {
        guard (1...longest).contains(name.utf8.count), !name.hasPrefix("."), !name.hasPrefix("-") else { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || "-_.".unicodeScalars.contains(scalar)
        }
    }
}
