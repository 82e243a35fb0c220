import Foundation

/// The language in which commands speak: Chinese where the user's locale says so, English elsewhere.
enum Language: Sendable {
    case chinese, english

    /// From `LC_ALL`, `LC_MESSAGES`, `LANG`, the first that is set, as POSIX orders them.
    static let current: Language = {
        let environment = ProcessInfo.processInfo.environment
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            if let value = environment[name], !value.isEmpty { return value.hasPrefix("zh") ? .chinese : .english }
        }
        return .english
    }()
}

/// The text in the user's language.
func text(_ chinese: String, _ english: String) -> String {
    Language.current == .chinese ? chinese : english
}
