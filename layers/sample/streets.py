"""The roads by their real names, drawn by hand: junctions, and which road runs through which."""

from __future__ import annotations

from typing import NamedTuple

CITADEL_CORNER = (107.5700, 16.4625)
CITADEL_ALONG = (0.0185, 0.0123)
CITADEL_ACROSS = (-0.0122, 0.0171)
"""South corner of the citadel in degrees, and its sides along the river and away from it."""

CITADEL_JUNCTIONS = {
    "u": {"nt": 0.20, "yk": 0.35, "ph": 0.50, "dd": 0.64, "dh": 0.78, "xs": 0.93, "hk": 1.06},
    "v": {"0": -0.10, "1": 0.08, "2": 0.32, "3": 0.50, "4": 0.75, "5": 0.93, "6": 1.06},
}
"""Streets inside the walls cross at ``<u><v>``: fractions along the two sides."""

JUNCTIONS = """
da_vien_n 107.5722 16.4622; da_vien_s 107.5755 16.4577; phu_xuan_n 107.5822 16.4667
phu_xuan_s 107.5860 16.4628; truong_tien_n 107.5880 16.4722; truong_tien_s 107.5922 16.4677
ga_hue 107.5785 16.4566; dap_da 107.5963 16.4722; gia_hoi 107.5915 16.4762; le_loi_1 107.5818 16.4595
hv6 107.5943 16.4645; hv_nh 107.5975 16.4610; an_cuu_n 107.6003 16.4572; an_cuu_s 107.6040 16.4510
adv 107.6110 16.4460; an_tay 107.6210 16.4400; ltk 107.5915 16.4590; nh_1 107.5840 16.4562
nh_2 107.5880 16.4577; pct_1 107.5838 16.4528; pct_2 107.5925 16.4552; ha_noi 107.5902 16.4636
nam_giao 107.5805 16.4375; ba_trieu 107.6008 16.4638; dong_da 107.6015 16.4672; vy_da 107.6055 16.4715
to_huu_1 107.6112 16.4605; to_huu_2 107.6190 16.4560; thuy_van 107.6310 16.4520; pvd_1 107.6150 16.4725
pvd_2 107.6270 16.4738; vng_1 107.6128 16.4662; vng_2 107.6118 16.4535; nct 107.5985 16.4700
nsc 107.6085 16.4790; cho_dinh_s 107.6010 16.4868; cho_dinh_n 107.5940 16.4872
chi_lang 107.5942 16.4818; bao_vinh 107.5820 16.4965; bai_dau 107.5890 16.4920; an_hoa 107.5565 16.4808
le_duan 107.5632 16.4705; kim_long 107.5580 16.4625; nh_bac 107.5535 16.4603; nh_nam 107.5568 16.4523
thien_mu 107.5455 16.4572; van_thanh 107.5340 16.4490; nguyen_hoang 107.5520 16.4740
huong_so 107.5655 16.4925; bui_thi_xuan 107.5655 16.4548; long_tho 107.5500 16.4470
vong_canh 107.5650 16.4262; tu_duc 107.5672 16.4340; phu_cam 107.5870 16.4480; ngu_binh 107.5985 16.4390
khai_dinh 107.5790 16.4170; thuy_duong 107.6400 16.4330; cho_mai 107.6235 16.4860
duong_no 107.6190 16.5130; thuan_an 107.6430 16.5500; ly_thai_to 107.5480 16.4880
huong_chu 107.5230 16.5010; tranh_bac 107.4930 16.5165; tu_ha 107.4830 16.5235; an_lo 107.4340 16.5510
phong_an 107.4000 16.5620; pho_trach 107.3620 16.5800; my_chanh 107.3240 16.6210
thuy_phuong 107.6600 16.4200; phu_bai 107.6950 16.4020; san_bay 107.7040 16.3985
thuy_phu 107.7150 16.3800; la_son 107.7380 16.3480; truoi 107.7790 16.3170; loc_dien 107.8170 16.2830
cau_hai 107.8620 16.2765; phuoc_tuong 107.9150 16.2820; thua_luu 107.9800 16.2720
phu_gia 108.0200 16.2670; lang_co 108.0800 16.2430; hai_van 108.1330 16.1900; tranh_1 107.5150 16.4650
tranh_2 107.5250 16.4370; tranh_3 107.5450 16.4150; tuan_tay 107.5690 16.3985; tuan 107.5790 16.3985
tranh_4 107.6200 16.3980; tranh_5 107.6650 16.3850; cam_lo 107.2450 16.6050; phong_my 107.2900 16.5450
co_bi 107.4050 16.4900; huong_binh 107.4700 16.4300; huong_tho 107.5560 16.3620
duong_hoa 107.6350 16.3450; la_son_tay 107.7130 16.3300; khe_tre_tay 107.7280 16.2000
thuong_lo 107.8000 16.1050; tuy_loan 107.8640 16.0700; binh_dien 107.5120 16.3400
bot_do 107.4200 16.3080; hong_ha 107.3520 16.3080; pe_ke 107.2950 16.2620; a_luoi 107.2400 16.2680
hong_thuy 107.1030 16.4020; hong_van 107.1470 16.3660; hong_kim 107.1930 16.3180
son_thuy 107.2820 16.2050; a_roang 107.3900 16.1000; a_tep 107.4550 16.0400; dien_huong 107.4150 16.7080
dien_loc 107.4100 16.6720; phong_hai 107.4900 16.6580; quang_ngan 107.5450 16.6220
quang_cong 107.5770 16.5995; hai_duong 107.6120 16.5790; phu_thuan 107.6950 16.5260
phu_dien 107.7380 16.4960; vinh_thanh 107.8080 16.4380; vinh_my 107.8500 16.4000
vinh_hien 107.8960 16.3660; loc_binh 107.9250 16.3320; huong_phong 107.5820 16.5480
sinh 107.5650 16.5240; quang_tho 107.5400 16.5380; sia 107.5080 16.5760; quang_loi 107.4900 16.6010
quang_thai 107.4600 16.6150; o_lau 107.4150 16.6400; phong_hoa 107.3650 16.6250
phong_son 107.4130 16.5150; phu_thu 107.6550 16.4680; phu_my 107.6400 16.4900
phu_xuan_xa 107.6800 16.4620; phu_da 107.7150 16.4370; vien_trinh 107.7480 16.4150
ha_trung 107.7700 16.4080; vinh_ha 107.7850 16.3860; loc_an 107.7620 16.3460; khe_tre 107.7200 16.1720
thuong_nhat 107.6900 16.1220; huong_nguyen 107.5200 16.1650; bach_ma_chan 107.8520 16.2450
bach_ma 107.8560 16.1990; chan_may 108.0050 16.3080; canh_duong 107.9850 16.3050
"""
"""Name, longitude and latitude in degrees; a road's end or bend as much as a crossing."""


class Road(NamedTuple):
    """A road through its junctions; the lanes are those of both directions."""

    name: str
    ref: str | None
    road_class: str
    lanes: int
    speed_kmh: int
    corridor: str | None
    through: str


_LE_DUAN = "Lê Duẩn–Hùng Vương"
_THUAN_AN = "Huế–Thuận An"

ROADS = (
    Road("Quốc lộ 1", "QL1", "trunk", 4, 80, "QL1", "my_chanh pho_trach phong_an an_lo tu_ha tranh_bac"),
    Road("Lý Thái Tổ", "QL1", "trunk", 4, 60, "QL1", "tranh_bac huong_chu ly_thai_to an_hoa"),
    Road("Lê Duẩn", None, "primary", 6, 60, _LE_DUAN, "an_hoa le_duan da_vien_n nt0 phu_xuan_n"),
    Road("Cầu Phú Xuân", None, "primary", 4, 50, _LE_DUAN, "phu_xuan_n phu_xuan_s"),
    Road("Hà Nội", None, "primary", 6, 50, _LE_DUAN, "phu_xuan_s ha_noi hv6"),
    Road("Hùng Vương", None, "primary", 4, 50, _LE_DUAN, "truong_tien_s hv6 hv_nh an_cuu_n an_cuu_s"),
    Road("An Dương Vương", None, "primary", 4, 50, "QL1", "an_cuu_s adv an_tay"),
    Road("Nguyễn Tất Thành", "QL1", "trunk", 4, 60, "QL1", "an_tay thuy_duong thuy_phuong phu_bai thuy_phu"),
    Road(
        "Quốc lộ 1", "QL1", "trunk", 4, 80, "QL1", "thuy_phu la_son loc_an truoi loc_dien cau_hai phuoc_tuong"
    ),
    Road("Quốc lộ 1", "QL1", "trunk", 4, 80, "QL1", "phuoc_tuong thua_luu phu_gia lang_co hai_van"),
    Road("Đường vào sân bay Phú Bài", None, "primary", 4, 50, None, "phu_bai san_bay"),
    Road(
        "Tuyến tránh Huế",
        "QL1",
        "trunk",
        2,
        80,
        "Tuyến tránh Huế",
        "tranh_bac tranh_1 tranh_2 tranh_3 tuan_tay",
    ),
    Road("Cầu Tuần", None, "trunk", 2, 60, "Tuyến tránh Huế", "tuan_tay tuan"),
    Road("Tuyến tránh Huế", "QL1", "trunk", 2, 80, "Tuyến tránh Huế", "tuan tranh_4 tranh_5 thuy_phu"),
    Road(
        "Cao tốc Cam Lộ–La Sơn",
        "CT.02",
        "motorway",
        4,
        80,
        "Cam Lộ–La Sơn",
        "cam_lo phong_my co_bi huong_binh huong_tho",
    ),
    Road(
        "Cao tốc Cam Lộ–La Sơn", "CT.02", "motorway", 4, 80, "Cam Lộ–La Sơn", "huong_tho duong_hoa la_son_tay"
    ),
    Road(
        "Cao tốc La Sơn–Túy Loan",
        "CT.02",
        "motorway",
        4,
        80,
        None,
        "la_son_tay khe_tre_tay thuong_lo tuy_loan",
    ),
    Road("Quốc lộ 49", "QL49", "trunk", 2, 60, _THUAN_AN, "thuan_an duong_no cho_mai nsc"),
    Road("Nguyễn Sinh Cung", "QL49", "primary", 2, 50, _THUAN_AN, "nsc vy_da dap_da"),
    Road("Minh Mạng", "QL49", "secondary", 2, 50, None, "nam_giao khai_dinh tuan"),
    Road(
        "Quốc lộ 49",
        "QL49",
        "trunk",
        2,
        40,
        "Huế–A Lưới",
        "tuan huong_tho binh_dien bot_do hong_ha pe_ke a_luoi",
    ),
    Road(
        "Quốc lộ 49B",
        "QL49B",
        "secondary",
        2,
        60,
        "QL49B",
        "dien_huong phong_hai quang_ngan quang_cong hai_duong",
    ),
    Road("Cầu cửa Thuận An", "QL49B", "secondary", 2, 60, "QL49B", "hai_duong thuan_an"),
    Road(
        "Quốc lộ 49B",
        "QL49B",
        "secondary",
        2,
        60,
        "QL49B",
        "thuan_an phu_thuan phu_dien vinh_thanh vinh_my vinh_hien",
    ),
    Road("Cầu Tư Hiền", "QL49B", "secondary", 2, 60, "QL49B", "vinh_hien loc_binh"),
    Road("Quốc lộ 49B", "QL49B", "secondary", 2, 50, "QL49B", "loc_binh phuoc_tuong"),
    Road(
        "Đường Hồ Chí Minh", "HCM", "trunk", 2, 60, "Đường Hồ Chí Minh", "hong_thuy hong_van hong_kim a_luoi"
    ),
    Road("Đường Hồ Chí Minh", "HCM", "trunk", 2, 60, "Đường Hồ Chí Minh", "a_luoi son_thuy a_roang a_tep"),
    Road("Lê Lợi", None, "primary", 4, 50, "Lê Lợi", "ga_hue le_loi_1 phu_xuan_s truong_tien_s dap_da"),
    Road("Cầu Trường Tiền", None, "secondary", 2, 30, None, "truong_tien_s truong_tien_n"),
    Road("Cầu Dã Viên", None, "primary", 4, 50, None, "da_vien_n da_vien_s"),
    Road("Cầu Nguyễn Hoàng", None, "primary", 6, 60, "Vành đai 3", "nh_bac nh_nam"),
    Road("Cầu Chợ Dinh", None, "secondary", 2, 40, None, "cho_dinh_n cho_dinh_s"),
    Road("Trần Hưng Đạo", None, "primary", 4, 50, "Trần Hưng Đạo", "phu_xuan_n dh0 truong_tien_n gia_hoi"),
    Road("Nguyễn Huệ", None, "secondary", 4, 50, None, "ga_hue nh_1 nh_2 ltk hv_nh"),
    Road("Lý Thường Kiệt", None, "secondary", 4, 50, None, "hv6 ltk"),
    Road("Hai Bà Trưng", None, "tertiary", 2, 40, None, "ha_noi nh_2 pct_2"),
    Road("Đống Đa", None, "secondary", 4, 50, None, "hv6 dong_da"),
    Road("Bà Triệu", None, "primary", 4, 50, None, "hv_nh ba_trieu dong_da vy_da"),
    Road("Nguyễn Công Trứ", None, "tertiary", 2, 40, None, "dap_da nct dong_da"),
    Road("Bến Nghé", None, "tertiary", 2, 40, None, "hv6 nct"),
    Road("Điện Biên Phủ", None, "secondary", 4, 50, "Điện Biên Phủ", "le_loi_1 nh_1 pct_1 nam_giao"),
    Road("Phan Chu Trinh", None, "tertiary", 2, 40, None, "da_vien_s pct_1 pct_2 an_cuu_n"),
    Road("Lê Ngô Cát", None, "tertiary", 2, 40, None, "nam_giao tu_duc"),
    Road("Huyền Trân Công Chúa", None, "tertiary", 2, 40, None, "tu_duc vong_canh long_tho"),
    Road("Bùi Thị Xuân", None, "secondary", 2, 40, None, "ga_hue da_vien_s bui_thi_xuan nh_nam long_tho"),
    Road("Trần Thái Tông", None, "tertiary", 2, 40, None, "pct_1 phu_cam ngu_binh adv"),
    Road("Tự Đức", None, "secondary", 2, 60, None, "ngu_binh khai_dinh"),
    Road("Tố Hữu", None, "primary", 6, 60, "Tố Hữu", "ba_trieu to_huu_1 to_huu_2 thuy_van"),
    Road("Võ Nguyên Giáp", None, "primary", 6, 60, "Võ Nguyên Giáp", "pvd_1 vng_1 to_huu_1 vng_2 adv"),
    Road("Hoàng Quốc Việt", None, "tertiary", 2, 40, None, "an_cuu_s vng_2 to_huu_2"),
    Road("Trường Chinh", None, "secondary", 4, 50, None, "dong_da vng_1"),
    Road("Phạm Văn Đồng", None, "primary", 4, 60, "Phạm Văn Đồng", "vy_da pvd_1 pvd_2 cho_mai"),
    Road("Nguyễn Lộ Trạch", None, "tertiary", 2, 40, None, "vng_1 to_huu_2"),
    Road("Thủy Dương–Thuận An", None, "secondary", 4, 60, _THUAN_AN, "thuy_duong thuy_van phu_my thuan_an"),
    Road("Kim Long", None, "secondary", 2, 50, None, "da_vien_n kim_long nh_bac thien_mu van_thanh tranh_2"),
    Road("Nguyễn Hoàng", None, "primary", 4, 60, "Vành đai 3", "nh_bac nguyen_hoang ly_thai_to"),
    Road("Nguyễn Phúc Nguyên", None, "tertiary", 2, 40, None, "thien_mu nguyen_hoang an_hoa"),
    Road("Chi Lăng", None, "secondary", 2, 40, None, "gia_hoi chi_lang cho_dinh_n bai_dau bao_vinh"),
    Road("Phan Đăng Lưu", None, "tertiary", 2, 40, None, "truong_tien_n hk2"),
    Road("Huỳnh Thúc Kháng", None, "tertiary", 2, 40, None, "gia_hoi hk2 hk5 bao_vinh"),
    Road("Nguyễn Chí Thanh", None, "tertiary", 2, 40, None, "chi_lang hk5"),
    Road("Nguyễn Văn Linh", None, "secondary", 4, 50, None, "an_hoa huong_so bao_vinh"),
    Road("Tăng Bạt Hổ", None, "secondary", 2, 50, None, "an_hoa nt6 dh6 bao_vinh"),
    Road("Phú Mộng", None, "tertiary", 2, 40, None, "kim_long le_duan"),
    Road("Lê Quang Đạo", None, "tertiary", 2, 40, None, "nsc cho_dinh_s cho_mai"),
    Road("Nguyễn Trãi", None, "secondary", 2, 40, "Nguyễn Trãi", "nt0 nt1 nt2 nt3 nt4 nt5 nt6"),
    Road("Đinh Tiên Hoàng", None, "secondary", 2, 40, "Đinh Tiên Hoàng", "dh0 dh1 dh2 dh3 dh4 dh5 dh6"),
    Road("Yết Kiêu", None, "tertiary", 2, 30, None, "yk1 yk2 yk3"),
    Road("Đoàn Thị Điểm", None, "tertiary", 2, 30, None, "dd1 dd2 dd3"),
    Road("Phùng Hưng", None, "tertiary", 2, 30, None, "ph3 ph4 ph5"),
    Road("Xuân 68", None, "tertiary", 2, 30, None, "xs1 xs2 xs3 xs4 xs5"),
    Road("23 Tháng 8", None, "tertiary", 2, 30, None, "nt1 yk1 dd1 dh1 xs1"),
    Road("Mai Thúc Loan", None, "secondary", 2, 40, "Mai Thúc Loan", "dd2 dh2 xs2 hk2"),
    Road("Triệu Quang Phục", None, "tertiary", 2, 30, None, "nt2 yk2"),
    Road("Thái Phiên", None, "tertiary", 2, 30, None, "nt3 yk3"),
    Road("Đặng Thái Thân", None, "tertiary", 2, 30, None, "yk3 ph3 dd3"),
    Road("Nhật Lệ", None, "tertiary", 2, 30, None, "dd3 dh3 xs3"),
    Road("Trần Văn Kỷ", None, "tertiary", 2, 30, None, "nt4 ph4 dh4 xs4"),
    Road("Tôn Thất Thiệp", None, "tertiary", 2, 30, None, "nt5 ph5"),
    Road("Lương Ngọc Quyến", None, "tertiary", 2, 30, None, "ph5 dh5 xs5 hk5"),
    Road("Tỉnh lộ 4", "TL4", "tertiary", 2, 50, None, "bao_vinh sinh huong_phong quang_cong"),
    Road("Tỉnh lộ 8B", "TL8B", "tertiary", 2, 50, None, "huong_so quang_tho sia"),
    Road("Tỉnh lộ 8A", "TL8A", "tertiary", 2, 50, None, "tu_ha quang_tho sinh"),
    Road("Tỉnh lộ 11A", "TL11A", "tertiary", 2, 60, None, "an_lo sia quang_loi"),
    Road("Tỉnh lộ 4B", "TL4", "tertiary", 2, 50, None, "quang_loi quang_thai o_lau phong_hoa"),
    Road("Tỉnh lộ 6", "TL6", "tertiary", 2, 60, None, "pho_trach phong_hoa dien_loc dien_huong"),
    Road("Tỉnh lộ 8C", "TL8C", "tertiary", 2, 50, None, "phong_an quang_thai"),
    Road("Tỉnh lộ 9", "TL9", "tertiary", 2, 50, None, "pho_trach phong_my"),
    Road("Tỉnh lộ 11B", "TL11B", "tertiary", 2, 50, None, "an_lo phong_son co_bi"),
    Road("Tỉnh lộ 11C", "TL11C", "tertiary", 2, 50, None, "dien_loc phong_hai"),
    Road("Tỉnh lộ 16", "TL16", "tertiary", 2, 50, None, "tu_ha huong_binh binh_dien"),
    Road("Tỉnh lộ 12B", "TL12B", "tertiary", 2, 50, None, "van_thanh tranh_1 huong_binh"),
    Road("Tỉnh lộ 2", "TL2", "tertiary", 2, 50, None, "cho_mai phu_my phu_thu"),
    Road(
        "Tỉnh lộ 10A",
        "TL10A",
        "tertiary",
        2,
        60,
        None,
        "thuy_van phu_thu phu_xuan_xa phu_da vien_trinh ha_trung",
    ),
    Road("Tỉnh lộ 3", "TL3", "tertiary", 2, 50, None, "thuy_phuong phu_xuan_xa"),
    Road("Tỉnh lộ 10B", "TL10B", "tertiary", 2, 50, None, "phu_bai phu_da"),
    Road("Tỉnh lộ 18", "TL18", "tertiary", 2, 50, None, "phu_da vinh_thanh"),
    Road("Tỉnh lộ 10C", "TL10C", "tertiary", 2, 50, None, "ha_trung vinh_ha loc_an"),
    Road("Tỉnh lộ 10D", "TL10D", "tertiary", 2, 50, None, "vien_trinh la_son"),
    Road(
        "Tỉnh lộ 14B", "TL14B", "secondary", 2, 60, "La Sơn–Nam Đông", "la_son la_son_tay khe_tre_tay khe_tre"
    ),
    Road("Tỉnh lộ 14C", "TL14C", "tertiary", 2, 40, None, "khe_tre thuong_nhat"),
    Road("Tỉnh lộ 74", "TL74", "tertiary", 2, 40, None, "khe_tre huong_nguyen a_roang"),
    Road("Tỉnh lộ 7", "TL7", "tertiary", 2, 40, None, "thuy_phuong tranh_5 duong_hoa"),
    Road("Tỉnh lộ 15", "TL15", "tertiary", 2, 40, None, "thuy_phu la_son_tay"),
    Road("Đường lên Bạch Mã", None, "tertiary", 2, 30, None, "cau_hai bach_ma_chan bach_ma"),
    Road("Đường cảng Chân Mây", None, "secondary", 4, 60, None, "phu_gia chan_may canh_duong thua_luu"),
    Road("Ngự Bình", None, "tertiary", 2, 40, None, "phu_cam nam_giao"),
    Road("Võ Văn Kiệt", None, "secondary", 4, 60, None, "an_tay ngu_binh"),
)

GATEWAYS = {
    ("my_chanh", "pho_trach"),
    ("lang_co", "hai_van"),
    ("duong_no", "thuan_an"),
    ("a_luoi", "pe_ke"),
    ("phu_bai", "san_bay"),
    ("cam_lo", "phong_my"),
    ("thuong_lo", "tuy_loan"),
    ("hong_thuy", "hong_van"),
}
"""Ways into the city: pairs of junctions with nothing between them."""
