extension SiteImportReport {
    /// The languages of reports.
    public enum Language: String, Sendable, CaseIterable {
        case chinese = "zh"
        case english = "en"
    }

    /// The report for people: what was read, then each fault with its line and what was done about it.
    public func text(in language: Language) -> String {
        (summary(language) + faults(language)).joined(separator: "\n")
    }

    private func summary(_ language: Language) -> [String] {
        let zh = language == .chinese
        var lines = [
            zh
                ? "\(source)：\(self.lines) 行，\(counts.letters) 个字母，\(counts.provinces) 个省级地区，\(counts.cities) 个城市站"
                : "\(source): \(self.lines) lines, \(counts.letters) letters, \(counts.provinces) provinces, "
                    + "\(counts.cities) stations"
        ]
        if let brand { lines.append((zh ? "名称：" : "name: ") + brand.printed) }
        if let contact { lines.append((zh ? "联系电话：" : "contact: ") + contact.printed) }
        let categories = newsCategories.filter { !$0.isFilterAll }.map(\.printed)
        if !categories.isEmpty {
            lines.append((zh ? "新闻分类：" : "news categories: ") + categories.joined(separator: zh ? "、" : ", "))
        }
        if let article {
            lines.append(
                zh
                    ? "文章：《\(article.title)》，\(article.paragraphs) 段，\(article.bodyCharacters) 字"
                    : "article: \"\(article.title)\", \(article.paragraphs) paragraphs, "
                        + "\(article.bodyCharacters) characters")
        } else {
            lines.append(zh ? "页面上没有文章" : "the page has no article")
        }
        return lines
    }

    private func faults(_ language: Language) -> [String] {
        let zh = language == .chinese
        var lines: [String] = []
        for wrong in filing.filedUnderWrongProvince {
            let doubt = wrong.certainty == "certain" ? "" : (zh ? "（可能）" : " (probably)")
            lines.append(
                zh
                    ? "第 \(wrong.line) 行：\(wrong.printed) 印在\(wrong.pageProvince)，属于\(wrong.rightProvince)"
                        + "（\(wrong.rightLetter)），已改正\(doubt)"
                    : "line \(wrong.line): \(wrong.printed) stands under \(wrong.pageProvince), belongs to "
                        + "\(wrong.rightProvince) (\(wrong.rightLetter)); filed right\(doubt)")
        }
        for wrong in filing.provincesUnderWrongLetter {
            let (page, right) = (wrong.pageLetter ?? "-", wrong.rightLetter ?? "-")
            lines.append(
                zh
                    ? "第 \(wrong.line) 行：\(wrong.province)印在字母 \(page) 下，应在 \(right) 下，已改正"
                    : "line \(wrong.line): \(wrong.province) stands under \(page), belongs under \(right); filed right")
        }
        for former in filing.noLongerAPrefectureLevelName {
            lines.append(
                zh
                    ? "第 \(former.line) 行：\(former.printed) 是 \(former.year) 年前的名称，现为\(former.today.name)"
                    : "line \(former.line): \(former.printed) is a name of before \(former.year), "
                        + "today \(former.today.name)")
        }
        lines += unknown(zh)
        let missing = (filing.missingFromPage + filing.missingCountiesUnderProvince).map(\.fullName)
        if !missing.isEmpty {
            let (shown, more) = (missing.prefix(20), max(0, missing.count - 20))
            lines.append(
                (zh ? "页面缺少：" : "not on the page: ") + shown.joined(separator: zh ? "、" : ", ")
                    + (more == 0 ? "" : (zh ? " 等 \(missing.count) 个" : " and \(more) more")))
        }
        if !filing.regionsMissing.isEmpty {
            lines.append(
                (zh ? "未列出的省级地区：" : "provinces not listed: ")
                    + filing.regionsMissing.joined(separator: zh ? "、" : ", "))
        }
        return lines
    }

    private func unknown(_ zh: Bool) -> [String] {
        filing.unknownProvinces.map {
            zh ? "第 \($0.line) 行：不认得省名“\($0.province)”" : "line \($0.line): \"\($0.province)\" is no known province"
        }
            + filing.unknownNames.map {
                zh
                    ? "第 \($0.line) 行：不认得“\($0.printed)”，按页面归入\($0.pageProvince)"
                    : "line \($0.line): \"\($0.printed)\" is no known city; kept under \($0.pageProvince)"
            }
            + filing.duplicates.map {
                zh ? "第 \($0.line) 行：\($0.printed) 重复，只保留一个" : "line \($0.line): \($0.printed) stands twice; kept once"
            }
    }
}
