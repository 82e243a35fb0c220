/// Questions to the laws in the folder of shared data, written for these tests: one document that answers each, or
/// none. The unanswerable ones lie near: laws speak of such things, but not these laws.
enum LawQuestions {
    static let answerable: [(question: String, document: String)] = [
        ("公司不跟我签书面劳动合同要赔几倍工资？", "social/labor-contracts-law.md"),
        ("试用期最长可以约定多少个月？", "social/labor-contracts-law.md"),
        ("网上买的东西七天内可以无理由退货吗？", "civil-and-commercial/protection-of-the-rights-and-interests-of-consumers.md"),
        ("两次献血之间要隔多久？", "administrative/blood-donation-law.md"),
        ("多大年纪可以献血？", "administrative/blood-donation-law.md"),
        ("餐馆诱导顾客超量点餐会怎么处罚？", "administrative/anti-food-waste-law.md"),
        ("小孩几岁上小学？义务教育入学年龄", "administrative/compulsory-education-law.md"),
        ("综合所得每年减除费用是多少元？", "economic/individual-income-tax-law.md"),
        ("烟叶税的税率是多少？", "economic/tobacco-leaf-tax-law.md"),
        ("契税税率的幅度是多少？", "economic/deed-tax-law.md"),
        ("普通护照的有效期是几年？", "administrative/passport-law.md"),
        ("不满十周岁的未成年人能做广告代言人吗？", "economic/advertising-law.md"),
        ("我国领海的宽度是多少海里？", "constitutional-relevance/territorial-sea-and-contiguous-zone-law.md"),
        ("发明专利权的期限是多少年？", "civil-and-commercial/patent-law.md"),
        ("劳动争议申请仲裁的时效期间是多久？", "procedural/labor-dispute-mediation-and-arbitration-law.md"),
        ("中华人民共和国的首都是哪里？", "constitution/04-flag-anthem-emblem-capital.md"),
        ("拍卖人可以向买受人收多少佣金？", "civil-and-commercial/auction-law.md"),
        ("人身安全保护令的有效期最长多久？", "social/anti-domestic-violence-law.md"),
        ("宾馆接待未成年人入住要做什么？", "social/protection-of-minors.md"),
        ("红十字标志可以随便使用吗？", "social/red-cross-society-law.md"),
        ("印花税的计税依据是什么？", "economic/stamp-tax-law.md"),
        ("车辆购置税的税率是多少？", "economic/vehicle-purchase-tax-law.md"),
        ("公共图书馆应该免费提供哪些服务？", "administrative/public-library-law.md"),
        ("注册会计师考试的报名条件是什么？", "economic/certified-public-accountants-law.md"),
    ]

    static let unanswerable = [
        "比特币转账手续费是多少？", "猫一天喂几次？", "高铁票退票费怎么算？", "现在房贷利率是多少？", "驾照科目二多少分及格？", "网约车司机的年龄要求是多少？",
        "物业费每平方米多少钱？", "酒驾血液酒精含量标准是多少？", "小区地下车位归谁所有？", "租房押金一般押几个月？", "信用卡逾期多久上征信？",
        "离婚冷静期是多少天？", "打印遗嘱需要几个见证人？", "结婚登记需要带什么材料？", "快递丢了一般赔多少？", "今天上海天气怎么样？",
        "给我写一首诗。", "苹果手机保修期多久？", "太阳系有几颗行星？", "宠物狗上飞机要多少钱？", "彩票站几点关门？", "北京地铁票价最低几元？",
    ]
}
