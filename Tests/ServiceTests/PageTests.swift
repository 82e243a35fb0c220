import Foundation
import NIOHTTP1
import Storage
import TestSupport
import Testing

/// The company's pages as a browser without script gets them.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct PageTests {
    private static var settings: TestServer.Settings {
        var settings = TestServer.Settings()
        settings.assistant = true
        settings.prepare = TestCompany.fill
        return settings
    }

    private static let browser = ["Accept": "text/html,application/xhtml+xml", "Accept-Language": "zh-CN,zh;q=0.9"]

    @Test func homeShowsCompanyStationsAndArticle() async throws {
        try await TestServer.run(Self.settings) { server in
            let page = try await server.send(.GET, "/", headers: Self.browser)
            #expect(page.status == 200)
            #expect(page.text.hasPrefix("<!DOCTYPE html>\n<html lang=\"zh-CN\">"))
            for text in [
                "榫舟循环器具租赁有限公司", "href=\"tel:4000000001\"", "id=\"A\"", "href=\"#Z\"", "id=\"p-安徽\"", "宿州",
                "href=\"/city/hefei\"", "空托盘的归途", "2026-10-13", "1286", "上一篇", "维修中心收了 14 名学徒", "公司新闻",
                "action=\"/ask\"",
            ] { #expect(page.text.contains(text), "\(text)") }
            // The neighbour that the database holds is a link; the other is a title only.
            #expect(page.text.contains(#/<a href="/articles/[0-9]+">双十一备货安排</a>/#))
            #expect(page.text.contains("<span>维修中心收了 14 名学徒</span>"))
        }
    }

    @Test func whatOthersWroteIsNeverMarkup() async throws {
        try await TestServer.run(Self.settings) { server in
            let page = try await server.send(.GET, "/", headers: Self.browser)
            #expect(!page.text.contains("<b>第二段"))
            #expect(page.text.contains("&lt;b&gt;第二段&lt;/b&gt; &amp; &quot;\u{301} onclick"))
            let answer = try await server.ask([("q", "尖括号标记写在哪里？")])
            #expect(answer.text.contains("onerror"))
            #expect(!answer.text.contains("<img"))
            #expect(!answer.text.contains("<script>alert"))
            let problem = try await server.ask([
                ("q", "\"><script>alert(1)</script>" + String(repeating: "x", count: 500))
            ])
            #expect(problem.status == 400)
            #expect(!problem.text.contains("<script>alert"))
            let city = try await server.send(.GET, "/city?q=%22%CC%81%20onfocus%3Dalert(1)%20", headers: Self.browser)
            #expect(city.text.contains("&quot;\u{301} onfocus"))
        }
    }

    @Test func headersForbidWhatPagesDoNotNeed() async throws {
        try await TestServer.run(Self.settings) { server in
            for path in ["/", "/news", "/city", "/none", "/city?q=%E5%90%88%E8%82%A5"] {
                let page = try await server.send(.GET, path, headers: Self.browser)
                let policy = page.headers.first(name: "Content-Security-Policy") ?? ""
                #expect(policy.hasPrefix("default-src 'none'"), "\(path)")
                #expect(!policy.contains("unsafe") && !policy.contains("http"), "\(path)")
                for directive in ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
                    #expect(policy.contains(directive), "\(path)")
                }
                #expect(page.headers.first(name: "X-Content-Type-Options") == "nosniff")
                #expect(page.headers.first(name: "Referrer-Policy") == "same-origin")
                // Nothing inline, nothing from elsewhere.
                #expect(!page.text.contains("style=\"") && !page.text.contains("<style"))
                #expect(!page.text.contains("src=\"http") && !page.text.contains("href=\"http"))
            }
        }
    }

    @Test func assetsAreNamedByTheirBytesAndKept() async throws {
        try await TestServer.run(Self.settings) { server in
            let home = try await server.send(.GET, "/", headers: Self.browser).text
            let paths = home.matches(of: #/"(/assets/[a-z]+-[0-9a-f]{12}\.(css|js|svg))"/#).map { String($0.1) }
            #expect(paths.count == 3)
            for path in paths {
                let asset = try await server.send(.GET, path)
                #expect(asset.status == 200)
                #expect(asset.headers.first(name: "Cache-Control") == "public, max-age=31536000, immutable")
                #expect(asset.data.count < 40_000)
            }
            #expect(try await server.send(.GET, "/assets/site-000000000000.css").status == 404)
            #expect(try await server.send(.GET, "/assets/..%2f..%2fetc%2fpasswd").status == 404)
        }
    }

    @Test func aQuestionIsAnsweredWithItsSourcesAndNotKept() async throws {
        try await TestServer.run(Self.settings) { server in
            let page = try await server.ask([("q", "周日收货吗？")], headers: ["Origin": server.base])
            #expect(page.status == 200)
            #expect(page.headers.first(name: "Cache-Control") == "no-store")
            #expect(page.text.contains("<mark>"))
            #expect(page.text.contains("周日不收货"))
            #expect(page.text.contains("hours.md"))
            #expect(page.text.contains("2026-01-01"))
            #expect(page.text.contains("href=\"#source-1\"") && page.text.contains("id=\"source-1\""))
            #expect(page.text.contains("内容由人工智能"))
            // A question in an address would stand in histories and logs.
            let address = try await server.send(.GET, "/ask?q=secret", headers: Self.browser)
            #expect(!address.text.contains("secret"))
            let foreign = try await server.ask([("q", "周日收货吗？")], headers: ["Origin": "https://evil.example"])
            #expect(foreign.status == 403)
        }
    }

    @Test func whatIsNotThereIsSaidWithTheHotline() async throws {
        try await TestServer.run(Self.settings) { server in
            let page = try await server.ask([("q", "火星上的量子计算机多少钱？")])
            #expect(page.status == 200)
            #expect(page.text.contains("资料中未找到"))
            #expect(page.text.contains(TestCompany.hotline))
            #expect(!page.text.contains("<blockquote>"))
            #expect(page.text.contains("<p class=\"label\">内容由人工智能生成。</p>"))
        }
    }

    @Test func theScriptGetsTheSameAsAStream() async throws {
        try await TestServer.run(Self.settings) { server in
            let reply = try await server.ask([("q", "周日收货吗？")], headers: ["Accept": "text/event-stream"])
            let (events, done) = reply.events
            #expect(done)
            #expect(events.map { $0["type"] as? String }.first == "found")
            #expect(events.last?["type"] as? String == "end")
            #expect(events.last?["answered"] as? Bool == true)
            let sentence = try #require(events.first { $0["type"] as? String == "sentence" })
            let source = try #require((sentence["sources"] as? [[String: Any]])?.first)
            let number = try #require(source["number"] as? Int)
            #expect((sentence["citations"] as? [Int])?.contains(number) == true)
            let blocks = try #require(source["blocks"] as? [[String: Any]])
            let runs = blocks.flatMap { $0["text"] as? [[String: Any]] ?? [] }
            #expect(runs.compactMap { $0["text"] as? String }.joined().contains(TestCompany.hours))
            #expect(runs.contains { $0["isQuoted"] as? Bool == true })
            let refused = try await server.ask([("q", "火星上的量子计算机多少钱？")], headers: ["Accept": "text/event-stream"])
            #expect(refused.events.objects.last?["answered"] as? Bool == false)
            #expect((refused.events.objects.last?["text"] as? String)?.contains("资料中未找到") == true)
        }
    }

    @Test func tablesOfSourcesAreTables() async throws {
        try await TestServer.run(Self.settings) { server in
            let question = "1200×1000 川字托盘的日租多少钱？"
            let page = try await server.ask([("q", question)])
            let quote = try #require(page.text.firstMatch(of: #/<blockquote>(.*?)<\/blockquote>/#.dotMatchesNewlines()))
            let shown = String(quote.1)
            #expect(shown.contains("<th scope=\"col\">规格</th>") && shown.contains("<th scope=\"col\">日租</th>"))
            #expect(shown.contains("1200×1000") && shown.contains("0.35 元"))
            #expect(shown.contains("<mark>"))
            #expect(shown.contains("<td>九脚 | &lt;b&gt;网格&lt;/b&gt;</td>"))
            #expect(!shown.contains("|  ") && !shown.contains("| 0.35") && !shown.contains("---"))
            // The script gets the same cells.
            let stream = try await server.ask([("q", question)], headers: ["Accept": "text/event-stream"])
            let sources = stream.events.objects.compactMap { ($0["sources"] as? [[String: Any]])?.first }
            let blocks = try #require(sources.first?["blocks"] as? [[String: Any]])
            let table = try #require(blocks.first { $0["rows"] != nil })
            #expect(table["hasHead"] as? Bool == true)
            #expect((table["rows"] as? [[Any]])?.count == 4)
            #expect((table["rows"] as? [[Any]])?.allSatisfy { $0.count == 3 } == true)
            // The API's citations are the document's own words.
            let reply = try await server.post(
                "/v1/chat/completions",
                #"{"model":"assistant","messages":[{"role":"user","content":"\#(question)"}]}"#)
            let citation = try #require((reply.json["citations"] as? [[String: Any]])?.first)
            #expect(TestCompany.prices.contains(try #require(citation["text"] as? String)))
            #expect((citation["text"] as? String)?.contains("|") == true)
        }
    }

    @Test func aQuestionMayReferToTheOneBefore() async throws {
        try await TestServer.run(Self.settings) { server in
            let first = try await server.ask([("q", "押金什么时候退回？")])
            let field = first.text.firstMatch(of: #/name="earlier" value="([^"]*)"/#).map { String($0.1) }
            #expect(field == "押金什么时候退回？")
            let second = try await server.ask([("q", "它不计利息吗？"), ("earlier", field ?? "")])
            #expect(second.status == 200)
            #expect(second.text.contains("name=\"earlier\" value=\"它不计利息吗？\""))
        }
    }

    @Test func formsThatAreWrongAreRefused() async throws {
        try await TestServer.run(Self.settings) { server in
            #expect(try await server.ask([("q", "  ")]).status == 400)
            #expect(try await server.ask([]).status == 400)
            #expect(try await server.ask([("q", String(repeating: "长", count: 501))]).status == 400)
            #expect(try await server.ask([("q", String(repeating: "长", count: 5000))]).status == 413)
            #expect(try await server.post("/ask", "{}", headers: ["Accept": "text/html"]).status == 415)
            let stray = try await server.send(
                .POST, "/ask", body: "q=%zz%e4%b8&&=&q&%",
                headers: [
                    "Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html",
                ])
            #expect(stray.status == 200)
        }
    }

    @Test func languageFollowsTheBrowserAndTheChoice() async throws {
        try await TestServer.run(Self.settings) { server in
            func language(_ path: String, _ header: String?) async throws -> String? {
                var headers = ["Accept": "text/html"]
                if let header { headers["Accept-Language"] = header }
                let text = try await server.send(.GET, path, headers: headers).text
                return text.firstMatch(of: #/<html lang="([^"]+)">/#).map { String($0.1) }
            }
            #expect(try await language("/", nil) == "zh-CN")
            #expect(try await language("/", "en-GB,en;q=0.9,zh;q=0.8") == "en")
            #expect(try await language("/", "fr, zh;q=0.5, en;q=0.4") == "zh-CN")
            #expect(try await language("/", "en;q=0, de") == "zh-CN")
            #expect(try await language("/?lang=en", "zh-CN") == "en")
            #expect(try await language("/?lang=%3Cx%3E", "en") == "en")
            let page = try await server.send(.GET, "/?lang=en", headers: Self.browser)
            #expect(page.text.contains("name=\"lang\" value=\"en\""))
            #expect(page.headers.first(name: "Vary")?.contains("Accept-Language") == true)
        }
    }

    @Test func unknownPagesAreHTMLForBrowsersOnly() async throws {
        try await TestServer.run(Self.settings) { server in
            let page = try await server.send(.GET, "/none", headers: Self.browser)
            #expect(page.status == 404)
            #expect(page.headers.first(name: "Content-Type") == "text/html; charset=utf-8")
            #expect(page.text.contains("没有这个页面"))
            #expect(try await server.send(.GET, "/none").error["message"] is String)
            #expect(try await server.send(.GET, "/v1/none", headers: Self.browser).error["message"] is String)
            let wrong = try await server.send(.DELETE, "/news", headers: Self.browser)
            #expect(wrong.status == 405)
            #expect(wrong.headers.first(name: "Allow") == "GET, HEAD")
            #expect(wrong.text.contains("这个页面不能这样访问"))
            #expect(try await server.send(.PUT, "/").headers.first(name: "Allow") == "GET, HEAD")
            #expect(try await server.send(.PUT, "/ask").headers.first(name: "Allow") == "GET, HEAD, POST")
            for path in ["/articles/0", "/articles/x", "/articles/99999999999999999999", "/city/none"] {
                #expect(try await server.send(.GET, path, headers: Self.browser).status == 404, "\(path)")
            }
        }
    }

    @Test func citiesAreFoundByNameAndPinyin() async throws {
        try await TestServer.run(Self.settings) { server in
            for text in ["%E5%90%88", "hefei", "hf", "HF"] {
                let page = try await server.send(.GET, "/city?q=\(text)", headers: Self.browser)
                #expect(page.text.contains("<h2>合肥</h2>"), "\(text)")
                #expect(!page.text.contains("<h2>杭州</h2>"), "\(text)")
            }
            // The pattern characters of the database mean themselves.
            let percent = try await server.send(.GET, "/city?q=%25", headers: Self.browser)
            #expect(!percent.text.contains("<h2>"))
        }
    }

    @Test func aHomeOfALargeCompanyStaysSmall() async throws {
        var settings = Self.settings
        settings.prepare = { database in
            try await TestCompany.fill(database)
            let stations = (0..<360).map { number in
                Station(
                    city: "城市名\(number)", province: "省份\(number % 31)",
                    initial: String("ABCDEFGHJLNQSTXYZ".randomElement() ?? "A"),
                    pinyin: "chengshiming\(number)", pinyinInitials: "csm", phone: "0551-\(number)",
                    address: "某某路 \(number) 号")
            }
            _ = try await database.stations.importStations(stations)
            let paragraph = String(repeating: "很长的一段话。", count: 100)
            _ = try await database.articles.importArticles([
                Article(
                    title: "长文", published: "2027-01-01",
                    text: Array(repeating: paragraph, count: 200).joined(separator: "\n\n"))
            ])
        }
        try await TestServer.run(settings) { server in
            let page = try await server.send(.GET, "/", headers: Self.browser)
            #expect(page.data.count <= 60 << 10)
            #expect(page.text.contains("城市名359"))
            #expect(page.text.contains("阅读全文"))
        }
    }

    @Test func anEmptyHomeSaysWhatToDo() async throws {
        try await TestServer.run { server in
            let page = try await server.send(.GET, "/", headers: Self.browser)
            #expect(page.status == 200)
            #expect(page.text.contains("pallet site import"))
            #expect(page.text.contains("助手尚未开通"))
            #expect(try await server.ask([("q", "在吗")]).status == 404)
        }
    }
}
