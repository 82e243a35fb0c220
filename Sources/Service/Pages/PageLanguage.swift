import Hummingbird

/// The language that a page is shown in.
enum PageLanguage: String, Sendable {
    case chinese = "zh"
    case english = "en"

    /// Value of the `lang` attribute.
    var tag: String { self == .chinese ? "zh-CN" : "en" }

    /// The language that a header prefers among ours; Chinese where it names neither.
    init(acceptLanguage header: String?) {
        var best: (language: PageLanguage, quality: Double)?
        for range in (header ?? "").prefix(1000).split(separator: ",").prefix(32) {
            let parts = range.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let name = parts.first?.prefix(2), let language = PageLanguage(rawValue: String(name)) else {
                continue
            }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if quality > 0, quality > best?.quality ?? 0 { best = (language, quality) }
        }
        self = best?.language ?? .chinese
    }
}

/// Who asks for a page: their language, and whether they chose it themselves.
struct PageVisitor: Sendable {
    let language: PageLanguage
    /// True where `?lang=` was given: links then carry it on.
    let choseLanguage: Bool

    /// - Parameter chosen: a language that a form brought along; the query's is taken where it is nil.
    init(_ request: Request, chosen: String? = nil) {
        let named = chosen ?? request.uri.queryParameters["lang"].map(String.init)
        if let language = named.flatMap(PageLanguage.init(rawValue:)) {
            self.language = language
            choseLanguage = true
        } else {
            language = PageLanguage(acceptLanguage: request.headers[.acceptLanguage])
            choseLanguage = false
        }
    }

    /// A text in the visitor's language.
    func text(_ chinese: String, _ english: String) -> String {
        language == .chinese ? chinese : english
    }

    /// A link below the site's root that keeps the chosen language.
    /// - Parameter query: names and values, not encoded.
    func link(_ path: String, _ query: [(String, String)] = [], anchor: String = "") -> String {
        let all = query + (choseLanguage ? [("lang", language.rawValue)] : [])
        let pairs = all.map { "\($0.0)=\($0.1.urlEncoded)" }.joined(separator: "&")
        return path + (pairs.isEmpty ? "" : "?" + pairs) + (anchor.isEmpty ? "" : "#" + anchor)
    }
}

extension PageVisitor {
    /// The chosen language as a form carries it on.
    var languageField: Markup {
        choseLanguage ? "<input type=\"hidden\" name=\"lang\" value=\"\(language.rawValue)\">" : ""
    }
}
