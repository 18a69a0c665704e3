"""Chinese as it is miswritten or written elsewhere: wrong characters of the same sound or shape, traditional ones,
half-width signs."""

import re
from random import Random

from sinan.datasets.perturbations.protected import changed, put, stretches

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
AT_MOST = 3
"""Words of a question that are miswritten."""
_WRONG = (
    "因为/因位 所以/所已 已经/以经 怎么/怎末 时候/时侯 问题/问提 知道/知到 可以/可已 需要/须要 应该/因该 "
    "但是/但事 这个/这各 其中/其种 下列/下例 正确/正却 选择/选泽 关于/关与 根据/跟据 属于/属与 进行/进形 "
    "通过/通果 主要/住要 表示/表视 一定/一订 使用/使佣 过程/过成 计算/计祘 关系/关糸 说法/说发 描述/苗述 "
    "符合/付合 结果/节果 原因/源因 影响/影向 作用/做用 方法/方发 历史/厉史 经济/经挤 社会/社汇 国家/国加 "
    "人们/人门 开始/开使 学生/学升 故事/固事 文章/文张 特点/特典 内容/内荣 部分/部份 按照/安照 例如/列如 "
    "观点/官点 材料/才料 体现/体线 题目/提目 如果/如菓 答案/答按 "
)
MISSPELT = dict(pair.split("/") for pair in _WRONG.split())
"""Of each the wrong writing is no word of its own."""
_SIMPLIFIED = (
    "国这来会时学说们对长过业经门动进区开产军还现机体与两实关从内没将员东头间无见战点场数样问级应资务气汉"
    "总电声设义统处马儿领队计权话报给变书华议称决张导结师达题条规县风运组听济论强黄选记却职号类传带农边联"
    "质阳难专认车举线备争众连调转该尔让较际亲单红约亚则属积图装许观鱼办远构随势热网语铁断爱纪况编满觉双乐"
    "标织项飞节龙响轻击请离显罗营视护创兴虽费试宝识维宫环乡责严桥仅杀围态杨负层续状银终钱赛独细习医脸弹楼"
    "艺陆协镇检写验紧劳户优财养陈卫伤绝阶刘刚亿闻审压监敌兰温园树词岛预继执谁惊画辑剑谈礼乱讲临挥欧简担岁"
    "荆贵辖帮块额错剧欢够孙阵销坚练脚读测吴换异顾顺鲜败货矿归买险评吗遗笔输渐顶训毕献爷纳脑饭扩齐赶诉诗础"
    "届静盘卖湾减灵杂泽侧庆妈馆补旧轮妇载怀软枪墙顿稳诸绿荣宽库罢谢页拥圣戏奖币圆烧讨误疗闭脱寻岗丽横驻纸"
    "夺灯坏丝径购阴择宪鲁庙舰课奥虚隐粮络摇潜庄厅赵访韦吨扬纵纷贸灭仪缓盖释润岭虑钢码锛损税综伦韩竞乌铺脉"
    "纯谋剂谓频壮骑鸡绍铜缩废订绩盐萨贴触莲抢闹纺讯誉梦峡残闪贼倾贫诺麦泪辈镜贡缘贝骂饮奋跃阁劲晋沟锋胆凭"
    "闯汤迁储贯彻凤赏辽询净弃亩伟览龄绕浓绪蓝阅鸿惯鸟辞穷键递隶厉袭灾涨郑译邓肠诏册锅阔趋锦颜悬诚晓蒋摄罚"
    "辆腾绘扑颁违贷饰滚迟辅烦盗凉冈驾肃抚纲忧扫暂渔宾寿猪邻劝践顷赋莱拟贤愤轰陕犹辉颇浅丧惨驱牵详档岂绣吓"
    "赖卢颗邮凯帅锁帐胶壳弯挡筹肿债贾谱夹尘丛贺扰锡炉纹亏齿兽碍辩拨励鸣偿拦胁纽烂艰乔轴喷轨畅雾丢窝洁飘肤"
    "砖赢挤狮诊篮唤侠枢栏纠恋惧笼叙剥骗猎俩缝携滩祸驰狱纬踪浑绳颈遥忆阀逻恼贪疯侦鹰驶斩鹤赐闷轿辐抛侨饱吕"
    "玛冯仓钦庞祯舱聪瑶谦卧猫衔苍浆铸惩迈锐颤滨饿缠怜撑肾胀谨鹅镑兑贞诞禀饼狭杩赔绵诱顽摊账为个么启恒价"
)
_TRADITIONAL = (
    "國這來會時學說們對長過業經門動進區開產軍還現機體與兩實關從內沒將員東頭間無見戰點場數樣問級應資務氣漢"
    "總電聲設義統處馬兒領隊計權話報給變書華議稱決張導結師達題條規縣風運組聽濟論強黃選記卻職號類傳帶農邊聯"
    "質陽難專認車舉線備爭衆連調轉該爾讓較際親單紅約亞則屬積圖裝許觀魚辦遠構隨勢熱網語鐵斷愛紀況編滿覺雙樂"
    "標織項飛節龍響輕擊請離顯羅營視護創興雖費試寶識維宮環鄉責嚴橋僅殺圍態楊負層續狀銀終錢賽獨細習醫臉彈樓"
    "藝陸協鎮檢寫驗緊勞戶優財養陳衛傷絕階劉剛億聞審壓監敵蘭溫園樹詞島預繼執誰驚畫輯劍談禮亂講臨揮歐簡擔歲"
    "荊貴轄幫塊額錯劇歡夠孫陣銷堅練腳讀測吳換異顧順鮮敗貨礦歸買險評嗎遺筆輸漸頂訓畢獻爺納腦飯擴齊趕訴詩礎"
    "屆靜盤賣灣減靈雜澤側慶媽館補舊輪婦載懷軟槍牆頓穩諸綠榮寬庫罷謝頁擁聖戲獎幣圓燒討誤療閉脫尋崗麗橫駐紙"
    "奪燈壞絲徑購陰擇憲魯廟艦課奧虛隱糧絡搖潛莊廳趙訪韋噸揚縱紛貿滅儀緩蓋釋潤嶺慮鋼碼錛損稅綜倫韓競烏鋪脈"
    "純謀劑謂頻壯騎雞紹銅縮廢訂績鹽薩貼觸蓮搶鬧紡訊譽夢峽殘閃賊傾貧諾麥淚輩鏡貢緣貝罵飲奮躍閣勁晉溝鋒膽憑"
    "闖湯遷儲貫徹鳳賞遼詢淨棄畝偉覽齡繞濃緒藍閱鴻慣鳥辭窮鍵遞隸厲襲災漲鄭譯鄧腸詔冊鍋闊趨錦顏懸誠曉蔣攝罰"
    "輛騰繪撲頒違貸飾滾遲輔煩盜涼岡駕肅撫綱憂掃暫漁賓壽豬鄰勸踐頃賦萊擬賢憤轟陝猶輝頗淺喪慘驅牽詳檔豈繡嚇"
    "賴盧顆郵凱帥鎖帳膠殼彎擋籌腫債賈譜夾塵叢賀擾錫爐紋虧齒獸礙辯撥勵鳴償攔脅紐爛艱喬軸噴軌暢霧丟窩潔飄膚"
    "磚贏擠獅診籃喚俠樞欄糾戀懼籠敘剝騙獵倆縫攜灘禍馳獄緯蹤渾繩頸遙憶閥邏惱貪瘋偵鷹駛斬鶴賜悶轎輻拋僑飽呂"
    "瑪馮倉欽龐禎艙聰瑤謙臥貓銜蒼漿鑄懲邁銳顫濱餓纏憐撐腎脹謹鵝鎊兌貞誕稟餅狹榪賠綿誘頑攤賬為個麼啟恆價"
)
TRADITIONAL = str.maketrans(_SIMPLIFIED, _TRADITIONAL)
"""Frequent characters of which the traditional one is beyond doubt. Those that stand for several (`发`, `后`, `里`)
stay, so that a text may be mixed."""
HALF_WIDTH = str.maketrans("，。？！：；（）", ",.?!:;()")


def is_chinese(text: str) -> bool:
    """Whether a Chinese character is in it."""
    return _HAN.search(text) is not None


def misspelt(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text with some words in wrong characters of the same sound or shape."""
    found = [
        (start + match.start(), start + match.end(), match[0])
        for start, end in stretches(text)
        for match in _KNOWN.finditer(text[start:end])
    ]
    if not found:
        return text
    hit = chance.sample(found, min(AT_MOST, max(1, len(found) // 3)))
    return put(text, {(start, end): MISSPELT[word] for start, end, word in hit})


def traditional(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text in traditional characters."""
    return changed(text, lambda part: part.translate(TRADITIONAL))


def half_width(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text with ASCII punctuation."""
    return changed(text, lambda part: part.translate(HALF_WIDTH))


_KNOWN = re.compile("|".join(MISSPELT))
