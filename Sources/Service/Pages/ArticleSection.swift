import Storage

/// An article with its neighbours.
struct ArticleSection {
    let article: Article
    /// The neighbours' numbers where they are in the database.
    let previous: Int64?
    let next: Int64?
    let visitor: PageVisitor
    /// The first paragraphs only, with a link to the rest: the home page must stay small.
    var shortened = false

    /// Characters of text on the home page.
    private static let homeCharacters = 2400

    var markup: Markup {
        let paragraphs = article.text.split(whereSeparator: \.isNewline).map(String.init)
        let shown = shortened ? Self.beginning(paragraphs) : paragraphs
        let body = shown.map { paragraph -> Markup in "<p>\(paragraph)</p>" }
        let more: Markup =
            shown.count < paragraphs.count
            ? """
            <p class="more"><a href="\(visitor.link("/articles/\(article.id)"))">\
            \(visitor.text("阅读全文", "Read the whole article"))</a></p>
            """ : ""
        let title: Markup =
            shortened
            ? """
            <h2 id="article-title"><a href="\(visitor.link("/articles/\(article.id)"))">\(article.title)</a></h2>
            """ : "<h1 id=\"article-title\">\(article.title)</h1>"
        return """
            <article id="article" class="story" aria-labelledby="article-title" lang="zh-CN">
            \(title)
            \(facts)
            <div class="text">\(body)</div>
            \(more)
            \(neighbours)
            </article>
            """
    }

    private static func beginning(_ paragraphs: [String]) -> [String] {
        var left = homeCharacters
        return Array(
            paragraphs.prefix { paragraph in
                defer { left -= paragraph.count }
                return left > 0 && paragraph.count <= homeCharacters * 2
            })
    }

    private var facts: Markup {
        var parts: [Markup] = []
        if let author = article.author, !author.isEmpty {
            parts.append("<span>\(visitor.text("作者", "By")) \(author)</span>")
        }
        if !article.published.isEmpty {
            parts.append("<time datetime=\"\(article.published)\">\(article.published)</time>")
        }
        if article.reads > 0 { parts.append("<span>\(visitor.text("阅读", "Reads")) \(article.reads)</span>") }
        if let category = article.category { parts.append("<span>\(category)</span>") }
        return "<p class=\"facts\" lang=\"\(visitor.language.tag)\">\(parts)</p>"
    }

    private var neighbours: Markup {
        let rows = [
            neighbour(visitor.text("上一篇", "Previous"), article.previousTitle, previous),
            neighbour(visitor.text("下一篇", "Next"), article.nextTitle, next),
        ].compactMap { $0 }
        guard !rows.isEmpty else { return .empty }
        return """
            <nav class="neighbours" aria-label="\(visitor.text("相邻文章", "Neighbouring articles"))"><ul>\(rows)</ul></nav>
            """
    }

    private func neighbour(_ label: String, _ title: String?, _ id: Int64?) -> Markup? {
        guard let title, !title.isEmpty else { return nil }
        let name: Markup =
            id.map { "<a href=\"\(visitor.link("/articles/\($0)"))\">\(title)</a>" } ?? "<span>\(title)</span>"
        return "<li><span class=\"label\" lang=\"\(visitor.language.tag)\">\(label)</span> \(name)</li>"
    }
}

/// Titles of articles, newest first, and the categories.
struct NewsList {
    let categories: [String]
    let articles: [Article]
    let visitor: PageVisitor
    /// The category that is shown; nil for all.
    var current: String?

    /// Categories as links to their lists.
    var categoryNavigation: Markup {
        guard !categories.isEmpty else { return .empty }
        let links = categories.map { name -> Markup in
            let isAll = Self.allNames.contains(name)
            let here = isAll ? current == nil : current == name
            let target = visitor.link("/news", isAll ? [] : [("category", name)])
            return "<li><a href=\"\(target)\"\(here ? " aria-current=\"page\"" : "" as Markup)>\(name)</a></li>"
        }
        return """
            <nav class="categories" aria-label="\(visitor.text("资讯栏目", "News categories"))" ><ul>\(links)</ul></nav>
            """
    }

    var titles: Markup {
        let rows = articles.map { article -> Markup in
            """
            <li><a href="\(visitor.link("/articles/\(article.id)"))" lang="zh-CN">\(article.title)</a> \
            <time datetime="\(article.published)">\(article.published)</time></li>
            """
        }
        return rows.isEmpty
            ? "<p class=\"small\">\(visitor.text("该栏目暂无文章。", "No articles here yet."))</p>"
            : "<ul class=\"titles\">\(rows)</ul>"
    }

    /// How sites name the list of everything.
    static let allNames: Set<String> = ["全部", "All", "all"]
}
