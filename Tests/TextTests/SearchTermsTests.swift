import Testing
import Text

@Suite("Search terms")
struct SearchTermsTests {
    private func texts(_ text: String, _ kinds: Set<SearchTerm.Kind>? = nil) -> [String] {
        SearchTerms.terms(in: text).filter { kinds?.contains($0.kind) ?? true }.map(\.text)
    }

    @Test func hanRunsGiveBigramsAndTheLastCharacter() {
        #expect(texts("托盘租赁") == ["托盘", "盘租", "租赁", "赁"])
        #expect(texts("盘") == ["盘"])
        #expect(texts("托盘，租赁") == ["托盘", "盘", "租赁", "赁"])
    }

    @Test(arguments: [
        ("PT-1210", ["pt1210", "pt", "1210"]), ("ＰＴ１２１０", ["pt1210", "pt", "1210"]), ("0.35", ["0.35", "0", "35"]),
        ("1200×1000", ["1200x1000", "1200", "1000"]),
        ("1200*1000mm", ["1200x1000mm", "1200x1000", "1200", "1000mm", "1000", "mm"]),
        ("1200x1000", ["1200x1000", "1200", "1000"]), ("1,000", ["1000", "1", "000"]),
        ("v1.2", ["v1.2", "v1", "v", "1.2", "1", "2"]),
        ("Hello, World", ["hello", "world"]),
        ("400-820-8820", ["4008208820", "400820", "400", "8208820", "820", "8820"]),
        ("a/b", ["a", "b"]), ("Token消耗", ["token", "消耗", "耗"]),
        ("info@example.com", ["infoexamplecom", "infoexample", "info", "examplecom", "example", "com"]),
        ("end.", ["end"]), ("-", []), ("", []),
    ])
    func codesAreFoundWholeAndInParts(text: String, expected: [String]) {
        #expect(texts(text) == expected)
    }

    @Test func everyQueryFormOfACodeMeetsTheIndexedForm() {
        let indexed = Set(texts("型号 PT-1210（川字网格）1200×1000×150 载重1.5t，单价0.35元"))
        for query in ["pt-1210", "PT1210", "ｐｔ１２１０", "1210", "0.35", "1.5", "1200×1000", "1200*1000*150"] {
            for term in SearchTerms.terms(in: query) where term.kind == .word {
                #expect(indexed.contains(term.text), "\(query) → \(term.text)")
            }
        }
    }

    @Test func rangesPointAtTheSource() {
        let text = "面积㎡ 型号：ＰＴ-1210。托盘"
        let scalars = Array(text.unicodeScalars)
        for term in SearchTerms.terms(in: text) {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[term.range])
            let source = Normalisation.folded(String(view)).filter { $0 != "-" }
            #expect(source.contains(term.text) || term.text.contains(source), "\(term)")
        }
    }

    @Test func sameTextGivesSameTerms() {
        let text = "2025年3月1日，托盘 PT-1210 日租金 0.35 元/天。"
        #expect(SearchTerms.terms(in: text) == SearchTerms.terms(in: text))
        #expect(!SearchTerms.indexText(of: text).contains("-"))
    }

    @Test func longRunsCostLinearTime() {
        let text = String(repeating: "a-", count: 200_000) + String(repeating: "托", count: 200_000)
        #expect(SearchTerms.terms(in: text).count > 400_000)
    }
}
