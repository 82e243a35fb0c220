import ChatTemplates
import TestSupport
import Testing

/// Templates that try to crash, hang or fill memory. Each must render or end with a typed error, in bounded time.
@Suite("Hostile templates")
struct AttackTests {
    /// A tenth of the default, so that the attacks on time take little of it; all of it in the long run.
    private static let small: TemplateLimits = {
        var limits = TemplateLimits()
        if !Shared.long {
            limits.steps /= 10
            limits.allocatedBytes /= 10
        }
        return limits
    }()

    /// Renders; the error, or nil where it rendered.
    @discardableResult
    private func attack(
        _ source: String, _ variables: [(String, TemplateValue)] = [], limits: TemplateLimits = Self.small
    ) -> TemplateError? {
        let clock = ContinuousClock()
        var failure: TemplateError?
        let time = clock.measure {
            do throws(TemplateError) {
                _ = try ChatTemplate(source: source).render(variables, now: ReferenceCases.now, limits: limits)
            } catch {
                failure = error
            }
        }
        // Two seconds in a release build alone on a core; tests share theirs, and debug builds are slower.
        #expect(time < .seconds(60), "\(source.prefix(80)) took \(time)")
        if Shared.long, time > .milliseconds(500) { print("\(time): \(source.prefix(80))") }
        return failure
    }

    private static func nested(_ open: String, _ middle: String, _ close: String, _ count: Int) -> String {
        String(repeating: open, count: count) + middle + String(repeating: close, count: count)
    }

    @Test(arguments: [
        ("{{ ", "(", "1", ")", " }}"), ("{{ ", "[", "1", "]", " }}"), ("{{ ", "{1: ", "1", "}", " }}"),
        ("{{ ", "not ", "1", "", " }}"), ("{{ ", "- ", "1", "", " }}"), ("{{ ", "1 if 1 else ", "1", "", " }}"),
        ("{{ ", "f(", "1", ")", " }}"), ("{{ ", "x[", "1", "]", " }}"), ("{{ ", "x is eq ", "1", "", " }}"),
        ("{{ ", "x|default(", "1", ")", " }}"), ("{{ ", "1 ** ", "1", "", " }}"), ("{{ x", ".a", "", "", " }}"),
        ("{{ x", "|upper", "", "", " }}"), ("{{ 1", "+1", "", "", " }}"), ("{{ x", "()", "", "", " }}"),
        ("{% set ", "(", "a", ")", " = 1 %}"), ("", "{% if 1 %}", "x", "{% endif %}", ""),
        ("", "{% for i in [1] %}", "x", "{% endfor %}", ""), ("", "{% filter upper %}", "x", "{% endfilter %}", ""),
        ("", "{% set x %}", "x", "{% endset %}", ""), ("", "{% macro m() %}", "x", "{% endmacro %}", ""),
        ("", "{% with %}", "x", "{% endwith %}", ""), ("", "{% call f() %}", "x", "{% endcall %}", ""),
        ("", "{% generation %}", "x", "{% endgeneration %}", ""),
    ])
    func refusesDeepNesting(_ parts: (String, String, String, String, String)) {
        for count in [120, 1000, 20_000] {
            let error = attack(parts.0 + Self.nested(parts.1, parts.2, parts.3, count) + parts.4)
            if count > 120 { #expect(error != nil, "\(parts.1) × \(count)") }
        }
    }

    @Test(arguments: ["{{ x", "{% if ", "{{ '", "{#", "{% raw %}", "{{ [", "{% for ", "{{ x | ", "{{ 'a\\"])
    func refusesTextsThatStop(start: String) {
        // Jinja itself takes a comment or raw block that begins at the very end.
        if start != "{#", start != "{% raw %}" { #expect(attack(start) != nil) }
        #expect(attack(start + String(repeating: "{", count: 100_000)) != nil)
    }

    @Test func survivesLongFlatTexts() {
        let count = 50_000
        attack("{{ 1" + String(repeating: " ~ 1", count: count) + " }}")
        attack("{{ 0" + String(repeating: " or 0", count: count) + " }}")
        attack("{{ 'a'" + String(repeating: " 'b'", count: count) + " }}")
        attack("{{ [" + String(repeating: "1,", count: count) + "] }}")
        attack("{% if 0 %}" + String(repeating: "{% elif 0 %}", count: count) + "{% endif %}")
        attack((0..<5000).map { "{% macro m\($0)() %}{{ m\($0 + 1)() }}{% endmacro %}" }.joined() + "{{ m0() }}")
        attack("{{ x | a" + String(repeating: ".a", count: count) + " }}")
        attack("{{ " + String(repeating: "9", count: 100_000) + " }}")
        attack("{{ " + String(repeating: "\u{754C}", count: 50_000) + " }}")
        let loops = String(repeating: "{% for i in x %}", count: 100)
        attack(loops + String(repeating: "{{ loop.index }}", count: 40_000))
        #expect(attack(String(repeating: " ", count: 2 << 20))?.rule == .limit)
    }

    @Test(arguments: [
        "{{ 'x' * 10 ** 9 }}", "{{ [0] * 10 ** 9 }}", "{{ 'x'.ljust(10 ** 12) }}", "{{ 'x' | center(10 ** 12) }}",
        "{{ '%1000000000d' % 1 }}", "{{ '%.1000000000f' % 1.5 }}", "{{ '{:1000000000}'.format(1) }}",
        "{{ '%*d' % (9223372036854775807, 1) }}", "{{ 'a\tb'.expandtabs(10 ** 12) }}", "{{ 'a' | indent(10 ** 12) }}",
        "{{ [1] | tojson(indent=10 ** 9) }}", "{{ range(10 ** 9) }}", "{{ range(-(10 ** 18), 10 ** 18) }}",
        "{{ [1] | batch(10 ** 12, 0) | list }}", "{{ [1] | slice(10 ** 12) | list }}", "{{ 2 ** 100000 }}",
        "{{ 10 ** 18 * 10 ** 18 }}", "{{ (-9223372036854775807 - 1) // -1 }}", "{{ (-9223372036854775807 - 1) | abs }}",
        "{{ -(-9223372036854775807 - 1) }}", "{{ 9223372036854775807 + 1 }}", "{{ '1' | int(0, 99) }}",
        "{{ 1e300 | int }}", "{{ ('9' * 5000) | int }}", "{{ 0 ** -1 }}", "{{ (-8) ** 0.5 }}",
        "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(60) %}{% set ns.s = ns.s.replace('a', 'aaaa') %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}",
        "{% set ns = namespace(s=(1,), t=(1,)) %}{% for i in range(100) %}{% set ns.s = (ns.s, ns.s) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}{{ ns.s == ns.t }}",
        "{% set ns = namespace(s=(1,)) %}{% for i in range(100) %}{% set ns.s = (ns.s, ns.s) %}{% endfor %}{{ {ns.s: 1} }}",
        "{% set ns = namespace() %}{% for i in range(100000) %}{% set ns.s = [ns.s] %}{% endfor %}",
        "{% set ns = namespace() %}{% for i in range(100000) %}{% set ns.s = [1] | map('default', ns.s) %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100000) %}{% set ns.s = ns.s | map('int') %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100000) %}{% set ns.s = [ns.s].index %}{% endfor %}",
        "{% set ns = namespace() %}{% for i in range(100000) %}{% set ns.s = cycler(ns.s) %}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.s = ns %}{{ ns }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call m() %}{{ r() }}{% endcall %}{% endmacro %}{{ r() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "{% block b %}{{ self.b() }}{% endblock %}",
        "{% macro m() %}{% for i in range(100000) %}{{ m() }}{% endfor %}{% endmacro %}{{ m() }}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{{ 'xxxxxxxxxxxxxxxx' * 1000 }}{% endfor %}",
        "{% set s = 'ab' * 1000000 %}{% for a in range(100000) %}{% if s | upper %}{% endif %}{% endfor %}",
        "{% set s = 'ab' * 1000000 %}{% for a in range(100000) %}{% if s.split('a') %}{% endif %}{% endfor %}",
        "{% set s = 'ab' * 1000000 %}{% for a in range(100000) %}{% if 'x' in s %}{% endif %}{% endfor %}",
        "{% set s = range(100000) | list %}{% for a in range(100000) %}{% if s | sort %}{% endif %}{% endfor %}",
        "{% set s = range(100000) | list %}{% for a in range(100000) %}{% if -1 in s %}{% endif %}{% endfor %}",
        "{% set s = range(100000) | list %}{% for a in range(100000) %}{% set t = s[1:] %}{% endfor %}",
        "{% set s = 'é' * 1000000 %}{% for a in range(100000) %}{% set t = s[999999] %}{% endfor %}",
    ])
    func endsWithAnError(source: String) {
        #expect(attack(source) != nil, "\(source)")
    }

    @Test(arguments: [
        "{% set ns = namespace() %}{% for i in range(20000) %}{% set ns.s = namespace(a=ns.s) %}{% endfor %}",
        "{% set ns = namespace() %}{% for i in range(20000) %}{% set p = ns.s %}{% macro m() %}{{ p }}{% endmacro %}{% set ns.s = m %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}{{ s.find('a' * 500000 ~ 'b') }}{{ s.count('aa') }}{{ ('a' * 500000 ~ 'b') in s }}",
        "{{ ('a' * 100000).rsplit('aa', 3) | length }}",
        "{% set xs = [1, 2, 3] %}{{ xs[9223372036854775807:] }}{{ xs[::9223372036854775807] }}{{ xs[-9223372036854775807:] }}",
        "{{ -9223372036854775807 - 1 in range(0, -5, -1) }}{{ (-9223372036854775807 - 1) % -1 }}",
        "{{ '-5'.zfill(-9223372036854775807 - 1) }}{{ 'x'.ljust(-9223372036854775807 - 1) }}",
        "{{ 1e308 * 10 }}{{ 1e308 * 10 - 1e308 * 10 }}{{ (1e308 * 10) | tojson }}{{ 1.5 | round(300) }}{{ 15 | round(-300) }}",
        "{{ 'abc'.find('b', -9223372036854775807, 9223372036854775807) }}{{ '\\N{BULLET}' }}",
    ])
    func renders(source: String) {
        let error = attack(source, limits: .default)
        #expect(error == nil, "\(source): \(error?.description ?? "")")
    }

    @Test func deepVariablesAreRefused() {
        var value = TemplateValue.list([])
        for _ in 0..<1000 { value = .list([value]) }
        #expect(attack("{{ x }}", [("x", value)])?.rule == .limit)
    }

    @Test func limitsAreThoseOfTheCaller() throws {
        let template = try ChatTemplate(source: "{% for i in range(1000) %}{{ i }},{% endfor %}")
        var limits = TemplateLimits()
        limits.outputBytes = 100
        #expect(throws: TemplateError.self) { try template.render([], now: ReferenceCases.now, limits: limits) }
        limits = TemplateLimits()
        limits.steps = 100
        #expect(throws: TemplateError.self) { try template.render([], now: ReferenceCases.now, limits: limits) }
    }

    @Test func errorsTellTheLine() throws {
        #expect(attack("a\nb\n{{ 1 + }}")?.line == 3)
        #expect(attack("a\n{{ x.y }}")?.description == "template line 2: 'x' is undefined (undefined)")
        #expect(attack("{{ raise_exception('no: ' ~ 1) }}")?.message == "no: 1")
        #expect(attack("{{ raise_exception('no') }}")?.rule == .raised)
    }
}
