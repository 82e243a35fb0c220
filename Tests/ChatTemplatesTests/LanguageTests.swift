import ChatTemplates
import Testing

/// Small templates that say one thing each about the language, with what Jinja2 3.1.6 renders from them in the
/// environment that transformers uses; nil where it raises.
@Suite("The template language")
struct LanguageTests {
    private static let variables = #"""
        {"i": 7, "j": -3, "x": 2.5, "b": true, "s": "Hello wörld, it's <b>托盘</b>\n two", "t": "abcabc",
         "xs": [3, 1, -2, 1], "ws": ["b", "A", "a", "Ö"], "d": {"b": 1, "a": {"k": [1, 2.0, null]}, "C": "x"},
         "n": null, "ps": [{"name": "bob", "n": 2, "r": "u"}, {"name": "Ann", "n": 1, "r": "a"},
                           {"name": "Zoe", "n": 2, "r": "u"}],
         "e": [], "messages": [{"role": "system", "content": "sys"}, {"role": "user", "content": "hi"},
                               {"role": "assistant", "content": null}]}
        """#

    @Test func rendersAsJinja() throws {
        let variables = try TemplateValue(json: Self.variables.utf8).entries?.variables ?? []
        let cases = LanguageCases.statements + LanguageCases.expressions
        var failures: [String] = []
        for (template, expected) in cases {
            let outcome = ReferenceCases.Outcome {
                try ChatTemplate(source: template).render(variables, now: ReferenceCases.now)
            }
            let isSame = outcome.text.map { Array($0.utf8) } == expected.map { Array($0.utf8) }
            if !isSame { failures.append("\(template.debugDescription): \(outcome.text ?? outcome.error)") }
        }
        #expect(cases.count > 350)
        #expect(failures.count == 0, "\(failures.count):\n\(failures.prefix(10).joined(separator: "\n"))")
    }
}
