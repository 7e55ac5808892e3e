//! A few sentences per language, written for this test.

pub(crate) const SENTENCES: &[(&str, &[&str])] = &[
    ("zh-Hans", &["昨天下午我们在图书馆看书。", "北京的冬天非常寒冷。", "这家餐厅的面条很好吃。"]),
    ("zh-Hant", &["昨天下午我們在圖書館看書。", "臺北的夏天非常炎熱。", "這家餐廳的麵條很好吃。"]),
    ("ja", &["昨日は図書館で本を読みました。", "東京の冬はとても寒いです。", "この店のラーメンは美味しい。"]),
    ("ko", &["어제 우리는 도서관에서 책을 읽었다.", "서울의 겨울은 매우 춥다.", "이 식당의 국수는 맛있다."]),
    ("th", &["เมื่อวานเราอ่านหนังสือที่ห้องสมุด", "ฤดูหนาวในกรุงเทพไม่หนาวมาก", "ร้านอาหารนี้อร่อยมาก"]),
    ("km", &["ម្សិលមិញយើងអានសៀវភៅនៅបណ្ណាល័យ", "អាហារនៅភោជនីយដ្ឋាននេះឆ្ងាញ់ណាស់"]),
    ("he", &["אתמול קראנו ספרים בספרייה העירונית.", "החורף בירושלים קר מאוד.", "המסעדה הזאת טובה."]),
    ("ar", &["قرأنا الكتب في المكتبة العامة أمس.", "الشتاء في القاهرة بارد جدا.", "هذا المطعم ممتاز."]),
    (
        "el",
        &[
            "Χθες διαβάσαμε βιβλία στη βιβλιοθήκη.",
            "Ο χειμώνας στην Αθήνα είναι ήπιος.",
            "Το εστιατόριο είναι καλό.",
        ],
    ),
    (
        "de",
        &[
            "Gestern lasen wir Bücher in der Stadtbibliothek.",
            "Der Winter in München ist kalt.",
            "Das Gasthaus ist schön.",
        ],
    ),
    (
        "vi",
        &["Hôm qua chúng tôi đọc sách ở thư viện.", "Mùa đông ở Hà Nội rất lạnh.", "Nhà hàng này rất ngon."],
    ),
    ("tr", &["Dün kütüphanede kitap okuduk.", "İstanbul'da kış çok soğuk geçiyor.", "Bu lokanta çok güzel."]),
    (
        "ru",
        &["Вчера мы читали книги в библиотеке.", "Зима в Москве очень холодная.", "Этот ресторан хороший."],
    ),
    (
        "fr",
        &[
            "Hier nous avons lu des livres à la bibliothèque.",
            "L'hiver à Lille est très froid.",
            "Ce café est agréable.",
        ],
    ),
    (
        "es",
        &[
            "Ayer leímos libros en la biblioteca.",
            "El invierno en Madrid es muy frío.",
            "Mañana comeremos aquí.",
        ],
    ),
    (
        "sv",
        &["I går läste vi böcker på biblioteket.", "Vintern i Göteborg är mycket kall.", "Maten här är god."],
    ),
    ("hi", &["कल हमने पुस्तकालय में किताबें पढ़ीं।", "दिल्ली में सर्दी बहुत ठंडी होती है।", "यह भोजन स्वादिष्ट है।"]),
    ("fa", &["دیروز در کتابخانه کتاب خواندیم.", "زمستان تهران بسیار سرد است.", "این رستوران خوب است."]),
    (
        "en",
        &[
            "Yesterday we read books at the library.",
            "The winter in Oslo is very cold.",
            "This café is pleasant.",
        ],
    ),
];
