internal import Text

/// The language of a text, guessed by its scripts.
public enum Language: String, Codable, Sendable, Hashable, CaseIterable {
    /// Chinese.
    case chinese = "zh"
    /// English, or another language in Latin letters: the guess does not tell them apart.
    case english = "en"
    /// Japanese.
    case japanese = "ja"
    /// Korean.
    case korean = "ko"
    /// Too few letters, or other scripts.
    case undetermined = "und"

    /// The language of `text` by counting scripts in its first 20,000 scalars. A Han character says as much as a
    /// Latin word, so it counts three letters.
    public init(of text: String) {
        var han = 0
        var kana = 0
        var hangul = 0
        var latin = 0
        var other = 0
        for scalar in text.unicodeScalars.prefix(20_000) {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A, 0xC0...0x24F: latin += 1
            case 0x3041...0x30FF: kana += 1
            case 0xAC00...0xD7A3: hangul += 1
            default:
                if scalar.isHan { han += 1 } else if scalar.value > 0x24F, scalar.isSpacedLetter { other += 1 }
            }
        }
        let ideographic = han + kana + hangul
        guard ideographic + latin + other > 0 else {
            self = .undetermined
            return
        }
        if ideographic * 3 >= latin, ideographic >= other {
            if kana * 5 > ideographic {
                self = .japanese
            } else {
                self = hangul * 2 > ideographic ? .korean : .chinese
            }
        } else {
            self = latin >= other ? .english : .undetermined
        }
    }
}
