import Corpus
import Foundation
import Testing

@Suite("Pages")
struct PageTests {
    private func record(_ page: String) throws -> CorpusRecord? {
        let folder = try TemporaryFolder()
        try folder.write("页.html", page)
        let report = try folder.build()
        if report.records != 1 { print("REPORT", report) }
        return try folder.records()["页.html"]?.first
    }

    @Test func structureBecomesText() throws {
        let record = try record(
            """
            <!DOCTYPE html><html><head><title>押金规则 - 某某公司</title>
            <meta property="article:published_time" content="2025-03-01T08:00:00+08:00"></head><body>
            <h1>押金规则</h1><p>每块<b>托盘</b>押金
            120 元。</p>
            <h2>流程</h2><ol><li>申请</li><li><p>验收</p><ul><li>数量</li><li>外观</li></ul></li><li>退款</li></ol>
            <table><caption>价格</caption><tr><th>型号</th><th>价格</th></tr><tr><td rowspan="2">PT|1</td><td>35</td></tr><tr><td>36</td></tr></table>
            <dl><dt>热线</dt><dd>400-820-8820</dd></dl><pre>第一行
              第二行</pre><p>换<br>行</p></body></html>
            """)
        #expect(record?.title == "押金规则" && record?.date == "2025-03-01" && record?.dateSource == .markup)
        #expect(
            record?.text == """
                # 押金规则

                每块托盘押金 120 元。

                ## 流程

                1. 申请
                2. 验收

                  - 数量
                  - 外观

                3. 退款

                价格
                | 型号 | 价格 |
                | --- | --- |
                | PT／1 | 35 |
                | PT／1 | 36 |

                热线
                400-820-8820

                第一行
                  第二行

                换
                行
                """)
    }

    @Test func onlyTheContentIsKept() throws {
        let record = try record(
            """
            <body><header class="site"><a href=/>某某公司</a></header><nav><a href=/a>首页</a></nav>
            <div class="breadCrumb-nav">首页 &gt; 新闻</div><div id="cookieBanner">本站使用 Cookie</div>
            <main><h1>网点搬迁</h1><p>杭州网点三月起搬到新址，电话不变。详情请看<a href="/x">公告</a>。</p>
            <div class="ad-box">广告位招租</div><div style="display: none">看不见</div><p hidden>也看不见</p></main>
            <aside>热门</aside><div class="relatedArticles"><ul><li><a href=1>甲文章</a><li><a href=2>乙文章</a></ul></div>
            <form>登录</form><div role="contentinfo">版权所有</div><script>var a = "<p>脚本</p>";</script><!-- 注释 --><footer>页脚</footer></body>
            """)
        #expect(record?.text == "# 网点搬迁\n\n杭州网点三月起搬到新址，电话不变。详情请看公告。")
    }

    @Test func contentIsKeptUnderAnyName() throws {
        // A whole page inside a form (as some frameworks make them), inside a "header", or in a layout table.
        for wrapper in ["form", "div class=header", "div id=sidebar", "footer", "nav"] {
            let name = wrapper.split(separator: " ")[0]
            let record = try record("<body><\(wrapper)><h1>标题在这里</h1><p>这是整页的正文，不能丢掉。</p></\(name)></body>")
            #expect(record?.text.contains("这是整页的正文，不能丢掉。") == true, "\(wrapper)")
        }
        let layout = try record(
            "<table><tr><td width=200></td><td><table><tr><td>甲</td><td>乙</td></tr></table><p>布局表格里的正文。</p></td></tr></table>"
        )
        #expect(layout?.text == "| 甲 | 乙 |\n\n布局表格里的正文。")
    }

    @Test(arguments: [
        String(repeating: "<div>", count: 50_000) + "深处的正文还在这里。",
        String(repeating: "<b><i><font>", count: 30_000) + "深处的正文还在这里。",
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;\">]><p>&c;深处的正文还在这里。</p>",
        "<p " + String(repeating: "a=1 ", count: 200_000) + ">深处的正文还在这里。</p>",
        "<p " + (0..<30_000).map { "a\($0)=1 " }.joined() + ">深处的正文还在这里。</p>",
        String(repeating: "<table><tr><td>", count: 20_000) + "深处的正文还在这里。",
        String(repeating: "<ul><li>", count: 20_000) + "深处的正文还在这里。",
        String(repeating: "</div></p></b>", count: 100_000) + "深处的正文还在这里。",
        String(repeating: "<p>", count: 200_000) + "深处的正文还在这里。",
        String(repeating: "<a href=x ", count: 20_000) + "深处的正文还在这里。",
        String(repeating: "<script>", count: 1) + "x</script>深处的正文还在这里。" + String(repeating: "<!--", count: 50_000),
        "深处的正文还在这里。<table><tr><td rowspan=999999999 colspan=99999999>甲</td><td>乙</td></tr><tr><td>丙</td></tr></table>",
        "深处的正文还在这里。&#0;&#xD800;&#x110000;&#99999999999999999999;",
        "<svg><p>图</p></svg><ol start=9223372036854775807><li>深处的正文还在这里。</li><li>二</li></ol>",
    ])
    func hostilePagesEndWithTheirText(page: String) throws {
        let text = try record(page)?.text
        #expect(text?.contains("深处的正文还在这里。") == true, "\(page.prefix(40)): \(text?.prefix(100) ?? "nothing")")
        #expect((text?.utf8.count ?? 0) < 4 * page.utf8.count + 100_000)
    }

    @Test func damagedPagesNeverTrap() throws {
        let folder = try TemporaryFolder()
        let page = Array(
            "<html><head><meta charset=gbk><title>标题</title></head><body class='a'><h1>题</h1><table><tr><td>甲</td><th>乙</table><ul><li>一<li>二</ul><p>正文。<!-- x --></body>"
                .utf8)
        var generator = SystemRandomNumberGenerator()
        for index in 0..<300 {
            var bytes = page
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.removeSubrange(Int.random(in: 0..<bytes.count, using: &generator)...)
                case 1:
                    bytes.insert(
                        UInt8.random(in: 0...255, using: &generator),
                        at: Int.random(in: 0...bytes.count, using: &generator))
                case 2: bytes += bytes
                default: if let last = bytes.indices.last { bytes[last / 2] = UInt8(ascii: "<") }
                }
                if bytes.isEmpty || bytes.count > 4000 { break }
            }
            try folder.write("p\(index).html", bytes)
        }
        let report = try folder.build()
        #expect(report.documentsFound == 300)
    }
}
