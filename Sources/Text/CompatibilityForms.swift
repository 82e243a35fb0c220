/// Compatibility forms that business texts use, with what they stand for (the part of Unicode's NFKC that concerns
/// us; full-width forms and compatibility ideographs are handled by rule).
enum CompatibilityForms {
    /// What `scalar` stands for, in lower case, or nil.
    static func replacement(of scalar: Unicode.Scalar) -> String? {
        let value = scalar.value
        switch value {
        case 0x2460...0x2473: return String(value - 0x2460 + 1)  // ①…⑳
        case 0x2474...0x2487: return String(value - 0x2474 + 1)  // ⑴…⒇
        case 0x2488...0x249B: return String(value - 0x2488 + 1)  // ⒈…⒛
        case 0x2776...0x277F: return String(value - 0x2776 + 1)  // ❶…❿
        case 0x2080...0x2089: return String(value - 0x2080)
        case 0x2070, 0x2074...0x2079: return String(value - 0x2070)
        case 0x2160...0x216B: return roman[Int(value - 0x2160)]
        case 0x2170...0x217B: return roman[Int(value - 0x2170)]
        case 0x24B6...0x24CF: return letter(value - 0x24B6)
        case 0x24D0...0x24E9: return letter(value - 0x24D0)
        case 0xFF66...0xFF9D: return halfWidthKana[Int(value - 0xFF66)]
        case 0x2F00...0x2FD5: return CompatibilityIdeographs.radical(scalar)
        default: return table[scalar]
        }
    }

    private static func letter(_ index: UInt32) -> String? {
        Unicode.Scalar(0x61 + index).map { String(Character($0)) }
    }

    private static let roman = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"]

    private static let halfWidthKana: [String] =
        "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
        .unicodeScalars.map { String(Character($0)) }

    private static let table: [Unicode.Scalar: String] = [
        "¹": "1", "²": "2", "³": "3", "½": "1/2", "¼": "1/4", "¾": "3/4",
        "㎡": "m2", "㎥": "m3", "㎜": "mm", "㎝": "cm", "㎞": "km", "㎏": "kg", "㎎": "mg", "㏄": "cc", "㏑": "ln",
        "㎖": "ml", "ℓ": "l", "℃": "°c", "℉": "°f", "№": "no", "℡": "tel", "™": "tm", "µ": "μ", "Ω": "ω", "Å": "a",
        "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "…": "...", "‰": "‰",
        "￥": "¥", "￡": "£", "￠": "¢", "︰": ":", "﹕": ":", "﹔": ";", "﹐": ",", "﹑": "、", "﹒": ".",
        "﹖": "?", "﹗": "!", "﹙": "(", "﹚": ")", "﹪": "%", "㈠": "(一)", "㈡": "(二)", "㈢": "(三)", "㈣": "(四)",
        "㈤": "(五)", "㈥": "(六)", "㈦": "(七)", "㈧": "(八)", "㈨": "(九)", "㈩": "(十)", "㊣": "正",
        "｡": "。", "｢": "「", "｣": "」", "､": "、", "･": "・",
    ]
}

/// Ideographs that Unicode keeps twice: the compatibility ones are canonically equal to a unified one, and the
/// standard library compares characters by canonical equivalence, so the partner is found without a table of ours.
enum CompatibilityIdeographs {
    static func unified(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let character = Character(scalar)
        guard let index = blocks.firstIndex(of: character) else { return scalar }
        return blocks[index].unicodeScalars.first ?? scalar
    }

    /// The Kangxi radicals ⼀…⿕ look like ideographs and are pasted as such (from PDF files, mostly).
    static func radical(_ scalar: Unicode.Scalar) -> String? {
        let index = Int(scalar.value) - 0x2F00
        return radicals.indices.contains(index) ? String(radicals[index]) : nil
    }

    private static let blocks: Set<Character> = {
        var set = Set<Character>(minimumCapacity: 28_000)
        for value in Array<UInt32>(0x4E00...0x9FFF) + Array<UInt32>(0x3400...0x4DBF) {
            if let scalar = Unicode.Scalar(value) { set.insert(Character(scalar)) }
        }
        return set
    }()

    private static let radicals = Array(
        "一丨丶丿乙亅二亠人儿入八冂冖冫几凵刀力勹匕匚匸十卜卩厂厶又口囗土士夂夊夕大女子宀寸小尢尸屮山巛工己巾干幺广廴廾弋弓彐彡彳"
            + "心戈戶手支攴文斗斤方无日曰月木欠止歹殳毋比毛氏气水火爪父爻爿片牙牛犬玄玉瓜瓦甘生用田疋疒癶白皮皿目矛矢石示禸禾穴立竹米糸缶"
            + "网羊羽老而耒耳聿肉臣自至臼舌舛舟艮色艸虍虫血行衣襾見角言谷豆豕豸貝赤走足身車辛辰辵邑酉釆里金長門阜隶隹雨靑非面革韋韭音頁"
            + "風飛食首香馬骨高髟鬥鬯鬲鬼魚鳥鹵鹿麥麻黃黍黑黹黽鼎鼓鼠鼻齊齒龍龜龠")
}

/// Latin letters with accents (pinyin tones among them) and the plain letters by which they are found.
enum LatinAccents {
    static let base: [Unicode.Scalar: String] = {
        let groups: [(String, String)] = [
            ("a", "àáâãäåāăąǎǻạảấầẩẫậắằẳẵặ"), ("c", "çćĉċč"), ("d", "ďđð"), ("e", "èéêëēĕėęěẹẻẽếềểễệ"),
            ("g", "ĝğġģǧ"), ("h", "ĥħ"), ("i", "ìíîïĩīĭįıǐỉị"), ("j", "ĵ"), ("k", "ķ"), ("l", "ĺļľŀł"),
            ("n", "ñńņňŉǹ"), ("o", "òóôõöøōŏőǒơọỏốồổỗộớờởỡợ"), ("r", "ŕŗř"), ("s", "śŝşšșß"), ("t", "ţťŧț"),
            ("u", "ùúûüũūŭůűųǔǖǘǚǜưụủứừửữự"), ("w", "ŵẁẃẅ"), ("y", "ýÿŷỳỵỷỹ"), ("z", "źżž"), ("ae", "æǽ"),
            ("oe", "œ"), ("th", "þ"),
        ]
        var table: [Unicode.Scalar: String] = [:]
        for (letter, accented) in groups {
            for scalar in accented.unicodeScalars { table[scalar] = letter }
        }
        return table
    }()
}
