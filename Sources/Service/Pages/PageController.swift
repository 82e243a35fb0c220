import Hummingbird
import Storage

/// The company's pages.
struct PageController: Sendable {
    let served: ServedModels
    let database: PalletDatabase
    let assets = PageAssets()

    /// The assistant that visitors ask: the one of that name, else the first.
    var assistant: ServedAssistant? {
        served.assistants["assistant"] ?? served.assistants.min { $0.key < $1.key }?.value
    }

    func layout(_ visitor: PageVisitor) async throws -> PageLayout {
        let company = CompanyProfile(facts: try await database.companyFacts.allFacts())
        return PageLayout(company: company, visitor: visitor, assets: assets)
    }

    func askSection(_ layout: PageLayout) -> AskSection {
        AskSection(company: layout.company, visitor: layout.visitor, isOpen: assistant != nil)
    }

    /// `GET /`
    func home(_ request: Request, _ context: some RequestContext) async throws -> Response {
        let layout = try await layout(PageVisitor(request))
        let stations = try await database.stations.allStations()
        let articles = try await database.articles.articles(category: nil, limit: 6, offset: 0)
        let page = HomePage(
            layout: layout, ask: askSection(layout), stations: stations,
            article: try await articleSection(articles.first, layout.visitor, shortened: true),
            news: NewsList(
                categories: try await categories(layout.company), articles: Array(articles.dropFirst()),
                visitor: layout.visitor))
        return PageHeaders.response(page.html)
    }

    /// `GET /articles/:id`
    func article(_ request: Request, _ context: some RequestContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ Int64($0) }),
            let article = try await database.articles.article(id: id)
        else { throw HTTPError(.notFound) }
        let layout = try await layout(PageVisitor(request))
        let section = try await articleSection(article, layout.visitor, shortened: false)
        return PageHeaders.response(
            layout.document(title: article.title, path: "/articles/\(id)", main: section?.markup ?? .empty))
    }

    /// `GET /news?category=…&page=…`
    func news(_ request: Request, _ context: some RequestContext) async throws -> Response {
        let layout = try await layout(PageVisitor(request))
        let category = request.uri.queryParameters["category"].map(String.init).flatMap { $0.isEmpty ? nil : $0 }
        let page = min(max(request.uri.queryParameters["page"].flatMap { Int($0) } ?? 1, 1), 10_000)
        let articles = try await database.articles.articles(
            category: category, limit: Self.pageSize + 1, offset: (page - 1) * Self.pageSize)
        let list = NewsList(
            categories: try await categories(layout.company), articles: Array(articles.prefix(Self.pageSize)),
            visitor: layout.visitor, current: category)
        let visitor = layout.visitor
        let further: Markup =
            articles.count > Self.pageSize
            ? """
            <p class="more"><a href="\
            \(visitor.link("/news", (category.map { [("category", $0)] } ?? []) + [("page", "\(page + 1)")]))">\
            \(visitor.text("更早的文章", "Earlier articles"))</a></p>
            """ : ""
        let main: Markup = """
            <section class="news" aria-labelledby="news-title"><div class="head">
            <h1 id="news-title">\(category ?? visitor.text("资讯", "News"))</h1></div>
            \(list.categoryNavigation)\(list.titles)\(further)</section>
            """
        return PageHeaders.response(layout.document(title: visitor.text("资讯", "News"), path: "/news", main: main))
    }

    private static let pageSize = 20

    /// `GET /city?q=…` and `GET /city/:pinyin`
    func city(_ request: Request, _ context: some RequestContext) async throws -> Response {
        let layout = try await layout(PageVisitor(request))
        let text = context.parameters.get("pinyin") ?? request.uri.queryParameters["q"].map(String.init) ?? ""
        var found: [Station] = []
        if !text.isEmpty, text.count <= 40 {
            found = try await database.stations.stations(matching: text, limit: 20)
        }
        if let pinyin = context.parameters.get("pinyin") {
            found = found.filter { $0.pinyin == pinyin }
            if found.isEmpty { throw HTTPError(.notFound) }
        }
        let search = StationSearch(visitor: layout.visitor)
        return PageHeaders.response(
            layout.document(
                title: layout.visitor.text("网点查询", "Stations"), path: "/city", indexed: false,
                main: search.results(found, text: String(text.prefix(40)))))
    }

    private func articleSection(
        _ article: Article?, _ visitor: PageVisitor, shortened: Bool
    ) async throws -> ArticleSection? {
        guard let article else { return nil }
        var neighbours: [Int64?] = []
        for title in [article.previousTitle, article.nextTitle] {
            var id: Int64?
            if let title { id = try await database.articles.article(title: title)?.id }
            neighbours.append(id)
        }
        return ArticleSection(
            article: article, previous: neighbours.first ?? nil, next: neighbours.last ?? nil, visitor: visitor,
            shortened: shortened)
    }

    /// Categories as the company's page names them, else those that its articles have.
    private func categories(_ company: CompanyProfile) async throws -> [String] {
        if !company.categories.isEmpty { return company.categories }
        return try await database.articles.articleCategories().map(\.name)
    }
}
