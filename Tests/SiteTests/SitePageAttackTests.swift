import Foundation
import Site
import TestSupport
import Testing

/// Texts that are no such page, and pages that were damaged on purpose.
@Suite struct SitePageAttackTests {
    private func error(_ text: String) -> SitePageError? {
        do {
            _ = try SitePage.parse(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func otherTextsSayWhatWasExpected() throws {
        #expect(error("") == .empty)
        #expect(error("\u{FEFF} \r\n\t\u{A0}\n") == .empty)
        #expect(error("\n\nhello world\n") == .noStations(line: 3, found: "hello world"))
        #expect(error("{\"a\":1}") == .noStations(line: 1, found: "{\"a\":1}"))
        #expect(error("<!DOCTYPE html><html>") == .noStations(line: 1, found: "<!DOCTYPE html><html>"))
        #expect(error("A 安徽\n\n") == .noCities(line: 1, province: "安徽"))
        #expect(error("A 安徽\n13800000000") == .noCities(line: 1, province: "安徽"))
        #expect(
            error("北京\n欢迎 来到 这里") == .unknownCities(line: 1, known: 0, total: 3, example: "欢迎"))
        #expect(error("合肥\n\u{0}\nA 安徽\n合肥") == .notText(line: 2, codePoint: 0))
        let messages = [
            error("x")?.description, error("x")?.chineseDescription, error("A 安徽")?.description,
        ]
        #expect(messages.compactMap(\.self).count == 3)
        #expect(messages[0]?.contains("line 1") == true && messages[0]?.contains("province") == true)
        #expect(messages[1]?.contains("第 1 行") == true)
    }

    @Test func boundedInput() {
        let long = String(repeating: "长", count: 70_000)
        #expect(error("A 安徽\n" + long) == .lineTooLong(line: 2, scalars: 70_000, limit: 65_536))
        let big = String(repeating: "x\n", count: 2 << 20 | 1)
        #expect(error(big) == .tooLarge(bytes: big.utf8.count, limit: 4 << 20))
        let many = "A 安徽\n" + String(repeating: String(repeating: "合肥 ", count: 100) + "\n", count: 201)
        #expect(error(many) == .tooManyStations(line: 202, limit: 20_000))
    }

    @Test func hugeNumbersAndOddDatesDoNotTrap() throws {
        let odd = [
            "作者:甲 2023-13-40 阅读:99999999999999999999999999", "作者:甲 9999-99-99 阅读:1.万", "阅读:0 2023-02-29 作者:",
            "作者:作者:作者:阅读:阅读:2023-01-01", "作者:甲 2023-01-01 阅读:" + String(repeating: "9", count: 150),
            "2023-01-012 作者:x 阅读:", "作者: 2023-", "By:", "阅读:\u{202E}5 作者:\u{0301}",
        ]
        for line in odd {
            let page = try SitePage.parse("A 安徽\n合肥\n公司\n标题\n\(line)\n正文")
            #expect(page.provinces.count == 1)
        }
    }

    /// Every prefix of a page, and pages with lines dropped, doubled and swapped, are read or refused; never a trap.
    @Test func damagedPages() throws {
        let text = """
            鞍山 \u{A0}
            A \u{A0} 安徽
            合肥 巢湖 六安
            \u{A0} \u{A0} 广西
            兴安 南宁
            L 辽宁
            鞍山 大连
            135-6897-3662

            某公司
            全部
            行业新闻

            标题
            作者:甲 2023-08-07 \u{2003} 阅读:763
            第一段
            上一篇:前
            下一篇:后
            """
        let scalars = Array(text.unicodeScalars)
        for length in 0..<scalars.count {
            var part = String.UnicodeScalarView()
            part.append(contentsOf: scalars[..<length])
            if let page = try? SitePage.parse(String(part)) { _ = StationFiling(page: page) }
        }
        var generator = SplitMix(state: 7)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var read = 0
        for _ in 0..<1_000 {
            var damaged = lines
            for _ in 0..<3 {
                let (a, b) = (Int(generator.next() % 18), Int(generator.next() % 18))
                guard a < damaged.count, b < damaged.count else { continue }
                switch generator.next() % 4 {
                case 0: damaged.remove(at: a)
                case 1: damaged.insert(damaged[b], at: a)
                case 2: damaged.swapAt(a, b)
                default: damaged[a] += damaged[b]
                }
            }
            if let page = try? SitePage.parse(damaged.joined(separator: "\r\n")) {
                let filing = StationFiling(page: page)
                _ = SiteImportReport(source: "x", page: page, filing: filing).text(in: .english)
                #expect(filing.stations.count <= page.cityCount)
                read += 1
            }
        }
        #expect(read > 300)
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
