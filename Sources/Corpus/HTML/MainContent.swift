internal import Text

/// Decides which nodes of a page are its content: everything but navigation, headers and footers, advertisements,
/// forms, banners and lists of links. Prefers to keep: a line too much does less harm than a lost price.
struct MainContent {
    /// For each node whether it and its subtree are left out.
    private(set) var isRemoved: [Bool]
    /// The element that holds the content.
    private(set) var root = 0
    private let tree: HTMLTree
    private var measures: [Measure]

    /// What a subtree holds, removed parts not counted.
    private struct Measure {
        var text = 0
        var linkText = 0
        var links = 0
    }

    init(of tree: HTMLTree) {
        self.tree = tree
        isRemoved = [Bool](repeating: false, count: tree.nodes.count)
        measures = []
        guard !tree.nodes.isEmpty else { return }
        removeHidden()
        measure()
        removeByName()
        measure()
        removeLinkLists()
        measure()
        chooseRoot()
    }

    // MARK: Measures

    /// Counts text and links of all subtrees, from the last node to the first.
    private mutating func measure() {
        measures = [Measure](repeating: Measure(), count: tree.nodes.count)
        // A removed subtree is skipped as a whole, so marks inside it need not be set.
        var isOut = isRemoved
        for index in tree.nodes.indices {
            let parent = tree.nodes[index].parent
            if parent >= 0, isOut[parent] { isOut[index] = true }
        }
        for index in tree.nodes.indices.reversed() where !isOut[index] {
            let node = tree.nodes[index]
            if node.isText { measures[index].text = node.text.unicodeScalars.count { !$0.isBlank } }
            if node.name == "a", node.attributes["href"] != nil {
                measures[index].linkText = measures[index].text
                measures[index].links = 1
            }
            guard node.parent >= 0 else { continue }
            measures[node.parent].text += measures[index].text
            measures[node.parent].linkText += measures[index].linkText
            measures[node.parent].links += measures[index].links
        }
    }

    private var total: Int { measures.first?.text ?? 0 }

    // MARK: Removal

    private mutating func removeHidden() {
        for (index, node) in tree.nodes.enumerated() where !node.isText {
            let style = (node.attributes["style"] ?? "").utf8.filter { $0 != 0x20 }.map { $0 | 0x20 }
            if ["button", "select", "input", "label", "dialog", "head", "title"].contains(node.name)
                || node.attributes["hidden"] != nil || node.attributes["aria-hidden"] == "true"
                || style.holds("display:none") || style.holds("visibility:hidden")
            {
                isRemoved[index] = true
            }
        }
    }

    private mutating func removeByName() {
        let nodes = tree.nodes
        var isInArticle = [Bool](repeating: false, count: nodes.count)
        for (index, node) in nodes.enumerated() where !node.isText {
            let inside = node.parent >= 0 && isInArticle[node.parent]
            isInArticle[index] = inside || node.name == "article" || node.name == "main"
            guard !isRemoved[index] else { continue }
            if isBoilerplate(node, index, isInArticle: inside) {
                // What holds most of the page is its content, whatever it is called.
                if measures[index].text * 2 <= total { isRemoved[index] = true }
            }
        }
    }

    private func isBoilerplate(_ node: HTMLTree.Node, _ index: Int, isInArticle: Bool) -> Bool {
        switch node.name {
        case "nav", "aside", "footer", "menu", "form": return true
        case "header": return !isInArticle && !holds("h1", in: index)
        case "html", "body", "main", "article", "h1", "h2", "h3", "tr", "tbody": return false
        default: break
        }
        if let role = node.attributes["role"], Self.roles.contains(role.lowercased()) { return true }
        let words = Self.words(of: (node.attributes["class"] ?? "") + " " + (node.attributes["id"] ?? ""))
        if words.contains(where: { Self.boilerplateWords.contains($0) }) {
            return !(words.contains("header") && holds("h1", in: index))
        }
        guard node.end - index <= Self.mostNodes else { return false }
        return measures[index].text < 120 && isLocationLine(index) || measures[index].text < 400 && isImprint(index)
    }

    /// The imprint at the foot of a page without a telling class: copyright, registration numbers, menu words.
    private func isImprint(_ index: Int) -> Bool {
        guard measures[index].text > 0, Self.imprintElements.contains(tree.nodes[index].name) else { return false }
        let words = tree.nodes[index..<tree.nodes[index].end].filter(\.isText).map(\.text).joined()
        let text = Array(words.lowercased().utf8)
        let strong = ["版权所有", "icp备", "公网安备", "all rights reserved", "copyright ©", "copyright©", "©版权"]
        if strong.contains(where: { text.holds($0) }) { return true }
        let weak = ["扫一扫", "技术支持：", "分辨率浏览", "网站地图", "友情链接", "法律声明", "关于我们", "联系我们", "加入收藏", "设为首页"]
        return weak.count { text.holds($0) } >= 2
    }

    /// 当前位置：首页 > 新闻: the path to the page, under any class.
    private func isLocationLine(_ index: Int) -> Bool {
        guard measures[index].text > 0,
            ["div", "p", "span", "td", "ul", "ol", "section"].contains(tree.nodes[index].name)
        else { return false }
        var text = ""
        for node in tree.nodes[index..<tree.nodes[index].end] where node.isText {
            text += node.text.filter { !$0.isWhitespace }
            if text.count > 8 { break }
        }
        return ["当前位置", "您的位置", "您现在的位置", "您当前的位置", "所在位置", "你的位置"].contains { text.hasPrefix($0) }
    }

    private func holds(_ name: String, in index: Int) -> Bool {
        tree.nodes[index..<tree.nodes[index].end].contains { $0.name == name }
    }

    /// Blocks that are mostly links: menus, related articles, tag clouds without a telling class.
    private mutating func removeLinkLists() {
        var index = 0
        while index < tree.nodes.count {
            let node = tree.nodes[index]
            if isRemoved[index] {
                index = node.end
                continue
            }
            let measure = measures[index]
            let isBlock = ["div", "ul", "ol", "section", "dl", "p", "table", "td", "center"].contains(node.name)
            if isBlock, measure.links >= 3, measure.linkText * 10 > measure.text * 7, measure.text * 2 < total {
                isRemoved[index] = true
                removeHeading(before: index)
                index = node.end
            } else {
                index += 1
            }
        }
    }

    /// A heading whose list was removed says nothing any more.
    private mutating func removeHeading(before index: Int) {
        var place = index - 1
        let parent = tree.nodes[index].parent
        while place > parent, tree.nodes[place].isText, measures[place].text == 0 { place -= 1 }
        while place > parent, tree.nodes[place].parent != parent { place = tree.nodes[place].parent }
        guard place > parent, ["h2", "h3", "h4", "h5", "h6"].contains(tree.nodes[place].name) else { return }
        isRemoved[place] = true
    }

    /// The one `<main>` or `<article>` that holds a good part of the text, else the whole.
    private mutating func chooseRoot() {
        for name in ["main", "article"] {
            let found = tree.nodes.indices.filter { tree.nodes[$0].name == name && !isRemoved[$0] }
            if let only = found.first, found.count == 1, measures[only].text * 10 >= total * 4 {
                root = only
                return
            }
        }
    }

    // MARK: Words

    /// Larger subtrees are not read for their words, so that nesting does not multiply the cost.
    private static let mostNodes = 120

    private static let imprintElements: Set<String> = ["div", "table", "td", "p", "center", "section", "ul"]

    private static let roles: Set<String> = [
        "navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog", "menu", "menubar",
        "toolbar", "tablist",
    ]

    private static let boilerplateWords: Set<String> = [
        "nav", "navbar", "navi", "navigation", "menu", "submenu", "breadcrumb", "breadcrumbs", "crumb", "crumbs",
        "footer",
        "foot", "bottombar", "header", "topbar", "toolbar", "sidebar", "aside", "leftbar", "rightbar", "ad", "ads",
        "adv", "advert",
        "advertisement", "advertising", "adsense", "adbox", "guanggao", "banner", "sponsor", "sponsored", "cookie",
        "cookies",
        "consent", "gdpr", "popup", "modal", "overlay", "toast", "share", "sharing", "social", "bdsharebuttonbox",
        "related",
        "recommend", "recommended", "recommendation", "recommendations", "xiangguan", "tuijian", "comments",
        "commentlist",
        "pagination", "pager", "prevnext", "copyright", "icp", "friendlink", "friendlinks", "login", "register",
        "searchbox", "searchform", "search", "subscribe", "newsletter", "qrcode", "backtop", "gotop", "totop", "skip",
        "hide", "hidden", "invisible", "toplink", "sitemap", "hotnews", "hotlist", "printbtn", "fontsize", "kefu",
    ]

    /// The words of class and id names: `siteHeader-top_bar` → site, header, top, bar.
    private static func words(of names: String) -> Set<String> {
        var words: Set<String> = []
        var word = ""
        var isPreviousLower = false
        for scalar in names.unicodeScalars.prefix(500) {
            let isUpper = scalar.value >= 0x41 && scalar.value <= 0x5A
            if !scalar.isASCIILetter || (isUpper && isPreviousLower) {
                if !word.isEmpty { words.insert(word.lowercased()) }
                word = ""
            }
            if scalar.isASCIILetter { word.unicodeScalars.append(scalar) }
            isPreviousLower = scalar.isASCIILetter && !isUpper
        }
        if !word.isEmpty { words.insert(word.lowercased()) }
        return words
    }
}
