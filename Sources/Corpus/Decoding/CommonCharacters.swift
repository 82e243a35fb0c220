internal import Text

/// How much a text looks like text that people write: the evidence by which encodings are told apart.
enum CommonCharacters {
    /// The share (0 to 1) of plausible scalars among those beyond ASCII, and how many of these there are.
    ///
    /// Wrongly decoded Chinese consists of rare ideographs, rightly decoded of common ones (about two thirds of any
    /// modern text are among these few hundred, simplified or traditional).
    static func score(of text: some StringProtocol) -> (share: Double, count: Int) {
        var plausible = 0.0
        var count = 0
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            guard scalar.value >= 0x80 else { continue }
            count += 1
            if common.contains(scalar) {
                plausible += 1
            } else if (0x4E00...0x9FA5).contains(scalar.value) {
                plausible += 0.2
            } else if (0xC0...0x17F).contains(scalar.value), previous.isASCIILetter || previous.value >= 0xC0 {
                // An accented letter inside a Latin word.
                plausible += previous.isASCIILetter ? 0.9 : 0.1
            }
        }
        return (count == 0 ? 0 : plausible / Double(count), count)
    }

    static func isCommon(_ scalar: Unicode.Scalar) -> Bool { common.contains(scalar) }

    private static let common: Set<Unicode.Scalar> = Set(
        ("，。、；：？！“”‘’（）《》【】「」…—·　－～％"
            + "的一是了不在有人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家"
            + "电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看"
            + "原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级"
            + "少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受"
            + "联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记"
            + "需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族"
            + "维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严款费请服务仓库托盘租赁客户合同物流运输配"
            + "企业单位人民法院规定责任依据机关执行监督管理部门应当国家条例企签订期限违反损失赔偿申请批准登记处罚"
            + "這個們來時國為會說過學對發經動後種產關點還進無現實開長門問間東車業電機長見話語讀書寫給與從應當務處據權責條義質價費請號樓廠區縣體圖線練級細終結"
            + "統織組維續縮總紀約紅納純紙紛絕絲經綠網緊編練縣繼續訂計討訊託設許訴診詞詢試該詳誠誤調談論證識議護變讓貝負財貨貧購貿賀資賣賽贈贊車軍軟較載輕輪輸轉"
            + "農過運遠適選遺還醫針鐵銀錢錯錄鐘開閉關陽陳陸階際隨險難電響頁項順預領頭題類願風飛飯館馬驗體麼點齊龍").unicodeScalars)
}
