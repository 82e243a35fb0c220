#!/usr/bin/env python3
"""make-divisions.py GEO : writes Sources/Site/Resources/divisions.tsv from the folder of public division tables.

GEO holds divisions/{provinces,cities,districts}.csv, divisions/HK-MO-TW.json and pinyin/kMandarin_8105.txt. The table
is small enough to live inside the program. One row per unit, columns split by tabs; the first column says what it is:

  P code name short syllables                   province-level region
  U code name short syllables extra-forms       prefecture-level unit, or county directly under a province
  C code name short syllables                   county-level city under a prefecture
  H code name short syllables                   other county-level unit that bears the short name of a U or C row
  F form code year                              name that is no more: the unit of today (U, C or H) and the year

A code of "-" means that the unit has none in the source. Syllables are pinyin without tones, split by blanks, so that
initials can be derived. The table of most common readings is not enough for place names: READINGS holds what we
curated, by whole name.
"""
import csv, json, os, re, sys, unicodedata

READINGS = """
重庆 chong qing|长春 chang chun|长治 chang zhi|长沙 chang sha|厦门 xia men|成都 cheng du|昌都 chang du|六安 lu an
蚌埠 beng bu|亳州 bo zhou|台州 tai zhou|丽水 li shui|泸州 lu zhou|儋州 dan zhou|陕西 shaan xi|山西 shan xi|喀什 ka shi
锡林郭勒 xi lin guo le|阿勒泰 a le tai|克孜勒苏 ke zi le su|泊头 bo tou|乐清 yue qing|乐陵 lao ling|天长 tian chang
长垣 chang yuan|长葛 chang ge|子长 zi chang|宜都 yi du|都江堰 du jiang yan|都匀 du yun|什邡 shi fang|阿图什 a tu shi
穆棱 mu ling|珲春 hun chun|霍林郭勒 huo lin guo le|库尔勒 ku er le|弥勒 mi le|芒市 mang shi|六盘水 liu pan shui
西藏 xi zang|朝阳 chao yang|宿州 su zhou|宿迁 su qian|衢州 qu zhou|漯河 luo he|郴州 chen zhou|荥阳 xing yang
东莞 dong guan|丽江 li jiang|乐山 le shan|乐东 le dong|百色 bai se|吕梁 lv liang|邛崃 qiong lai|阆中 lang zhong
"""
PEOPLES = "朝鲜族 土家族 苗族 藏族 羌族 彝族 布依族 侗族 哈尼族 壮族 傣族 白族 景颇族 傈僳族 回族 蒙古族 蒙古 柯尔克孜 哈萨克 黎族".split()
FORMS = {"阿坝": "阿坝州", "克孜勒苏": "克州", "博尔塔拉": "博州", "巴音郭楞": "巴州", "西双版纳": "版纳", "湘西": "湘西自治州"}
# Names that pages still print: form, code of the unit of today, year in which the name ended.
FORMER = """
巢湖 340181 2011|莱芜 370116 2019|林芝地区 5404 2015|昌都地区 5403 2014|日喀则地区 5402 2014|山南地区 5405 2016
那曲地区 5406 2017|吐鲁番地区 6504 2015|哈密地区 6505 2016|海东地区 6302 2013|毕节地区 5205 2011|铜仁地区 5206 2011
襄樊 4206 2010|思茅 5308 2007|淮阴 3208 2001|锦西 2114 1994|大庸 4308 1994|达川地区 5117 1999|荆沙 4210 1996
伊克昭盟 1506 2001|哲里木盟 1505 1999|呼伦贝尔盟 1507 2001|巴彦淖尔盟 1508 2003|乌兰察布盟 1509 2003
丽江地区 5307 2002|临沧地区 5309 2003|思茅地区 5308 2003|昭通地区 5306 2001|保山地区 5305 2000|陇南地区 6212 2004
定西地区 6211 2003|庆阳地区 6210 2002|平凉地区 6208 2002|酒泉地区 6209 2002|张掖地区 6207 2002|武威地区 6206 2001
百色地区 4510 2002|河池地区 4512 2002|贺州地区 4511 2002|吕梁地区 1411 2003|运城地区 1408 2000|忻州地区 1409 2000
临汾地区 1410 2000|安康地区 6109 2000|通什 469001 2001
"""


def readings(path):
    table = {}
    for line in open(path, encoding="utf-8"):
        if m := re.match(r"U\+([0-9A-F]+):\s*(\S+)", line):
            said = re.sub("[üǖǘǚǜ]", "v", m[2].split(",")[0])
            bare = unicodedata.normalize("NFD", said)
            table[chr(int(m[1], 16))] = "".join(c for c in bare if not unicodedata.combining(c))
    return table


def short(name):
    """The name without the word for its level and the peoples of an autonomous unit; never one character alone."""
    for end in ("特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "林区", "市", "盟", "县", "区", "旗", "省"):
        if name.endswith(end):
            rest, before = name[: -len(end)], None
            while end.startswith("自治") and rest != before:
                before = rest
                for people in PEOPLES + ["壮族", "回族", "维吾尔"]:
                    if rest.endswith(people) and len(rest) - len(people) >= 2:
                        rest = rest[: -len(people)]
            return rest if len(rest) >= 2 else name
    return name


def rows(geo):
    said = readings(os.path.join(geo, "pinyin/kMandarin_8105.txt"))
    curated = dict(e.split(" ", 1) for e in READINGS.replace("\n", "|").split("|") if e)

    def syllables(name):
        return curated.get(name) or " ".join(said[c] for c in name)

    def table(name):
        return list(csv.DictReader(open(os.path.join(geo, "divisions", name), encoding="utf-8")))

    out, shorts = [], set()

    def add(kind, code, name):
        s = short(name)
        row = [kind, code, name, s, syllables(s)]
        if kind == "U" and s in FORMS:
            row.append(FORMS[s])
        if kind != "P":
            shorts.add(s)
        out.append(row)

    provinces, cities, districts = table("provinces.csv"), table("cities.csv"), table("districts.csv")
    for p in provinces:
        add("P", p["code"], p["name"])
    regions = json.load(open(os.path.join(geo, "divisions/HK-MO-TW.json"), encoding="utf-8"))
    codes = {"台湾省": "71", "香港特别行政区": "81", "澳门特别行政区": "82"}  # GB/T 2260
    for name in codes:
        add("P", codes[name], name)
    for p in provinces:
        if p["name"].endswith("市"):
            add("U", p["code"] + "00", p["name"])
        for c in cities:
            if c["provinceCode"] == p["code"] and c["name"] not in ("市辖区", "县") and "直辖县级" not in c["name"]:
                add("U", c["code"], c["name"])
        for d in districts:
            if d["provinceCode"] == p["code"] and d["cityCode"] in ("4190", "4290", "4690", "6590"):
                add("U", d["code"], d["name"])
    for region, code in codes.items():
        if region == "台湾省":
            for name in regions[region]:
                add("U", "-71", name)
        else:
            add("U", code + "00", region)
    used = {r[1] for r in out}
    prefectures = {c["name"] for c in cities}
    for d in districts:
        if d["name"].endswith("市") and d["code"] not in used and d["name"] not in prefectures:
            add("C", d["code"], d["name"])
    used = {r[1] for r in out}
    today = [e.split() for e in FORMER.replace("\n", "|").split("|") if e]
    needed = {e[1] for e in today}
    for d in districts:
        if d["code"] in used or d["name"] in prefectures:
            continue
        if short(d["name"]) in shorts or d["code"] in needed:
            out.append(["H", d["code"], d["name"], short(d["name"]), syllables(short(d["name"]))])
    known = {r[1] for r in out}
    for form, code, year in today:
        if code not in known:
            raise SystemExit(f"former name {form}: no unit {code} in the tables")
        out.append(["F", form, code, year])
    return out


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    target = os.path.join(here, "Sources/Site/Resources/divisions.tsv")
    head = [
        "# Administrative divisions of China, edition 2023; written by scripts/make-divisions.py, do not edit.",
        "# Names and codes: public facts, by way of modood/Administrative-divisions-of-China (WTFPL).",
        "# Readings: mozillazg/pinyin-data, Copyright (c) 2016 mozillazg, MIT licence (see NOTICE), corrected by us.",
    ]
    lines = head + ["\t".join(r) for r in rows(sys.argv[1])]
    with open(target, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    print(f"{target}: {len(lines) - len(head)} rows, {os.path.getsize(target)} bytes")


main()
