import Storage

/// The city stations: letters as anchors, provinces under their letter, cities under their province.
struct StationSection {
    let stations: [Station]
    let visitor: PageVisitor

    private struct Province {
        let name: String
        let initial: String
        var stations: [Station]
    }

    /// Provinces in the order of letters, each with its cities in the order of the company's page.
    private var provinces: [Province] {
        var list: [Province] = []
        var places: [String: Int] = [:]
        for station in stations {
            if let place = places[station.province], list.indices.contains(place) {
                list[place].stations.append(station)
            } else {
                places[station.province] = list.count
                list.append(Province(name: station.province, initial: station.initial, stations: [station]))
            }
        }
        return list.sorted { $0.initial < $1.initial }
    }

    var markup: Markup {
        guard !stations.isEmpty else { return .empty }
        let provinces = provinces
        let letters = provinces.reduce(into: [String]()) { if $0.last != $1.initial { $0.append($1.initial) } }
        let letterLinks = letters.map { letter -> Markup in "<li><a href=\"#\(letter)\">\(letter)</a></li>" }
        let provinceLinks = provinces.map { province -> Markup in
            "<li><a href=\"#p-\(province.name)\">\(province.name)</a></li>"
        }
        let groups = letters.map { letter in
            group(letter, provinces.filter { $0.initial == letter })
        }
        return """
            <section id="stations" aria-labelledby="stations-title">
            <div class="head"><h2 id="stations-title">\(visitor.text("服务网点", "Stations"))</h2>
            <p>\(count)</p></div>
            \(StationSearch(visitor: visitor).form())
            <nav class="letters" aria-label="\(visitor.text("按首字母", "By letter"))"><ul>\(letterLinks)</ul></nav>
            <details class="provinces"><summary>\(visitor.text("按省份查找", "By province"))</summary>
            <nav aria-label="\(visitor.text("按省份", "By province"))"><ul>\(provinceLinks)</ul></nav></details>
            <div class="atlas">\(groups)</div>
            </section>
            """
    }

    private var count: String {
        visitor.text("覆盖 \(stations.count) 个城市", "In \(stations.count) cities")
    }

    private func group(_ letter: String, _ provinces: [Province]) -> Markup {
        let blocks = provinces.map { province -> Markup in
            let cities = province.stations.map(city)
            return """
                <div id="p-\(province.name)"><h4>\(province.name)</h4><ul>\(cities)</ul></div>
                """
        }
        return """
            <div class="letter" id="\(letter)"><h3>\(letter)</h3><div>\(blocks)</div></div>
            """
    }

    /// A city; a link where there is more to say than its name.
    private func city(_ station: Station) -> Markup {
        guard StationCard(station: station, visitor: visitor).hasDetails, !station.pinyin.isEmpty else {
            return "<li>\(station.city)</li>"
        }
        return "<li><a href=\"\(visitor.link("/city/" + station.pinyin.urlEncoded))\">\(station.city)</a></li>"
    }
}

/// Looking for a city by name, pinyin or initials; the server answers, no script is needed.
struct StationSearch {
    let visitor: PageVisitor

    func form(_ text: String = "") -> Markup {
        """
        <form class="find" action="/city" method="get" role="search">
        <label for="city">\(visitor.text("查找城市", "Find a city"))</label>
        <input id="city" name="q" value="\(text)" maxlength="40" autocomplete="off" \
        placeholder="\(visitor.text("城市名或拼音，如 hf", "name or pinyin, like hf"))">
        \(languageField)
        <button>\(visitor.text("查找", "Find"))</button>
        </form>
        """
    }

    private var languageField: Markup { visitor.languageField }

    /// The page with what was found.
    func results(_ stations: [Station], text: String) -> Markup {
        let cards = stations.map { StationCard(station: $0, visitor: visitor).markup }
        let nothing: Markup = """
            <p>\(visitor.text("没有找到这个城市的网点。", "No station found for this city."))</p>
            """
        return """
            <section aria-labelledby="found"><div class="head">
            <h1 id="found">\(visitor.text("网点查询", "Stations"))</h1></div>
            \(form(text))
            \(cards.isEmpty ? nothing : "<div class=\"cards\">\(cards)</div>")
            <p><a class="back" href="\(visitor.link("/", anchor: "stations"))">\(visitor.text("全部网点", "All stations"))</a></p>
            </section>
            """
    }
}

/// One station with what is known of it.
struct StationCard {
    let station: Station
    let visitor: PageVisitor

    var hasDetails: Bool { station.phone != nil || station.address != nil || station.hours != nil }

    var markup: Markup {
        var rows: [Markup] = ["<dt>\(visitor.text("省份", "Province"))</dt><dd>\(station.province)</dd>"]
        if let address = station.address { rows.append("<dt>\(visitor.text("地址", "Address"))</dt><dd>\(address)</dd>") }
        if let phone = station.phone {
            rows.append(
                """
                <dt>\(visitor.text("电话", "Telephone"))</dt>\
                <dd><a href="tel:\(CompanyProfile.dialled(phone))">\(phone)</a></dd>
                """)
        }
        if let hours = station.hours { rows.append("<dt>\(visitor.text("时间", "Hours"))</dt><dd>\(hours)</dd>") }
        return "<article class=\"card\"><h2>\(station.city)</h2><dl>\(rows)</dl></article>"
    }
}
