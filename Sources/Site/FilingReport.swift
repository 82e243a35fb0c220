/// What a page's station list has wrong, compared with the official table. Names are as printed, provinces by their
/// short names, lines from 1.
public struct FilingReport: Hashable, Codable, Sendable {
    /// A station under a province that is not its own.
    public struct Misfiled: Hashable, Codable, Sendable {
        /// The city as printed.
        public let printed: String
        /// The letter under which the page has it.
        public let pageLetter: String?
        /// The province under which the page has it.
        public let pageProvince: String
        /// Its line.
        public let line: Int
        /// Its place in that list, from 1.
        public let positionInList: Int
        /// Cities in that list.
        public let listLength: Int
        /// The province where it belongs.
        public let rightProvince: String
        /// The letter where it belongs.
        public let rightLetter: String
        /// The code in the statistical table.
        public let code: String?
        /// The full name.
        public let fullName: String
        /// Why, in sentences.
        public let evidence: [String]
        /// `certain`, or `probable: …` when a lesser unit of that name lies in the printed province.
        public let certainty: String

        enum CodingKeys: String, CodingKey {
            case printed, line, code, evidence, certainty
            case pageLetter = "page_letter"
            case pageProvince = "page_province"
            case positionInList = "position_in_list"
            case listLength = "list_length"
            case rightProvince = "right_province"
            case rightLetter = "right_letter"
            case fullName = "full_name"
        }
    }

    /// A station whose name is no more that of a unit, with the unit of today.
    public struct Former: Hashable, Codable, Sendable {
        /// What stands there today.
        public struct Today: Hashable, Codable, Sendable {
            /// The code in the statistical table.
            public let code: String?
            /// The full name.
            public let name: String
            /// The code of its prefecture, or its own.
            public let prefectureLevelCode: String?
            /// The full name of its prefecture, or its own.
            public let prefectureLevelName: String?

            enum CodingKeys: String, CodingKey {
                case code, name
                case prefectureLevelCode = "prefecture_level_code"
                case prefectureLevelName = "prefecture_level_name"
            }
        }
        /// The name as printed.
        public let printed: String
        /// The province under which the page has it.
        public let pageProvince: String
        /// Its line.
        public let line: Int
        /// Whether that province is the right one.
        public let provinceIsRight: Bool
        /// What stands there today.
        public let today: Today
        /// The year in which the name ended.
        public let year: Int

        enum CodingKeys: String, CodingKey {
            case printed, line, today, year
            case pageProvince = "page_province"
            case provinceIsRight = "province_is_right"
        }
    }

    /// A unit that the page does not have.
    public struct Missing: Hashable, Codable, Sendable {
        /// The code in the statistical table.
        public let code: String?
        /// The full name.
        public let fullName: String
        /// The short name of the province.
        public let province: String
        /// The province under which the page has it instead.
        public let foundUnder: String?

        enum CodingKeys: String, CodingKey {
            case code, province
            case fullName = "full_name"
            case foundUnder = "found_under"
        }
    }

    /// A printed name and the unit that it means.
    public struct Named: Hashable, Codable, Sendable {
        /// The name as printed.
        public let printed: String
        /// The province under which the page has it.
        public let pageProvince: String
        /// Its line.
        public let line: Int
        /// The code in the statistical table.
        public let code: String?
        /// The full name.
        public let fullName: String?
        /// The word for its kind (自治州, 地区, 盟, 县), where the list is about kinds.
        public let kind: String?

        enum CodingKeys: String, CodingKey {
            case printed, line, code, kind
            case pageProvince = "page_province"
            case fullName = "full_name"
        }
    }

    /// A province under another letter than that of its reading, or under a name that is none.
    public struct ProvinceFault: Hashable, Codable, Sendable {
        /// The short name of the province.
        public let province: String
        /// Its line.
        public let line: Int
        /// The letter under which the page has it.
        public let pageLetter: String?
        /// The letter where it belongs.
        public let rightLetter: String?

        enum CodingKeys: String, CodingKey {
            case province, line
            case pageLetter = "page_letter"
            case rightLetter = "right_letter"
        }
    }

    /// Stations under a wrong province, in printed order.
    public internal(set) var filedUnderWrongProvince: [Misfiled] = []
    /// Provinces under a wrong letter.
    public internal(set) var provincesUnderWrongLetter: [ProvinceFault] = []
    /// Province lines whose name is none.
    public internal(set) var unknownProvinces: [ProvinceFault] = []
    /// Names that are no more.
    public internal(set) var noLongerAPrefectureLevelName: [Former] = []
    /// Names that the table does not have.
    public internal(set) var unknownNames: [Named] = []
    /// Stations printed more than once.
    public internal(set) var duplicates: [Named] = []
    /// Prefecture-level units of the printed provinces that the page has nowhere.
    public internal(set) var missingFromPage: [Missing] = []
    /// Units that their own province lacks because they stand under another.
    public internal(set) var missingFromOwnProvince: [Missing] = []
    /// Counties directly under a printed province that the page has nowhere.
    public internal(set) var missingCountiesUnderProvince: [Missing] = []
    /// Counties directly under a province that the page has.
    public internal(set) var listedCountiesUnderProvince: [Named] = []
    /// Provinces that the page does not have, by full name.
    public internal(set) var regionsMissing: [String] = []
    /// Rightly filed stations that are no cities, printed without the word for their kind.
    public internal(set) var shortNames: [Named] = []
    /// Names printed neither in short nor in full.
    public internal(set) var irregularForms: [Named] = []

    enum CodingKeys: String, CodingKey {
        case filedUnderWrongProvince = "filed_under_wrong_province"
        case provincesUnderWrongLetter = "provinces_under_wrong_letter"
        case unknownProvinces = "unknown_provinces"
        case noLongerAPrefectureLevelName = "no_longer_a_prefecture_level_name"
        case unknownNames = "unknown_names"
        case duplicates
        case missingFromPage = "missing_from_page"
        case missingFromOwnProvince = "missing_from_own_province_because_filed_elsewhere"
        case missingCountiesUnderProvince = "missing_counties_directly_under_a_province"
        case listedCountiesUnderProvince = "listed_counties_directly_under_a_province"
        case regionsMissing = "regions_missing"
        case shortNames = "short_names"
        case irregularForms = "irregular_printed_forms"
    }
}
