import Storage

/// The company's front page: who it is, the assistant, news, stations.
struct HomePage {
    let layout: PageLayout
    let ask: AskSection
    let stations: [Station]
    let article: ArticleSection?
    let news: NewsList

    var html: String {
        let visitor = layout.visitor
        let company = layout.company
        let main: Markup = """
            <div class="hero"><h1>\(company.name.isEmpty ? layout.siteName : company.name)</h1>
            \(tagline)</div>
            \(ask.markup)
            \(stories)
            \(StationSection(stations: stations, visitor: visitor).markup)
            """
        return layout.document(title: layout.siteName, path: "/", main: main)
    }

    private var tagline: Markup {
        let visitor = layout.visitor
        let provinces = Set(stations.map(\.province)).count
        guard !stations.isEmpty else { return layout.company.name.isEmpty ? firstSteps : .empty }
        return """
            <p>\(visitor.text(
                "服务网点遍布 \(provinces) 个省级行政区的 \(stations.count) 个城市",
                "Stations in \(stations.count) cities across \(provinces) provinces"))</p>
            """
    }

    /// What an operator does who sees an empty page.
    private var firstSteps: Markup {
        let visitor = layout.visitor
        return """
            <p>\(visitor.text("这里还没有公司信息。三步即可：", "There is no company here yet. Three steps:"))</p>
            <ol class="steps">
            <li><code>pallet site import FILE</code> \(visitor.text("导入公司网页", "reads the company's web page"))</li>
            <li><code>pallet corpus build FOLDER --name company</code> \(visitor.text("读取公司资料", "reads its documents"))</li>
            <li><code>pallet index build --corpus company</code> \(visitor.text("建立知识库，然后重新启动", "makes its knowledge; then start again"))</li>
            </ol>
            """
    }

    private var stories: Markup {
        guard article != nil || !news.categories.isEmpty else { return .empty }
        let visitor = layout.visitor
        let titles: Markup = news.articles.isEmpty ? "" : news.titles
        return """
            <section class="news" aria-labelledby="news-title"><div class="head">
            <h2 id="news-title">\(visitor.text("资讯", "News"))</h2></div>
            \(news.categoryNavigation)
            <div class="pair">\(article?.markup ?? .empty)\(titles)</div></section>
            """
    }
}
