"""Stations, gauges, wards and forests by their real names, at rough positions from general knowledge."""

from __future__ import annotations

from typing import NamedTuple

RAIN_STATIONS = """
Huế 107.585 16.435; A Lưới 107.283 16.217; Nam Đông 107.723 16.168; Bạch Mã 107.858 16.197
Tà Lương 107.350 16.305; Bình Điền 107.515 16.340; Thượng Nhật 107.690 16.122; Phú Ốc 107.480 16.530
Kim Long 107.560 16.463; Truồi 107.772 16.318; Lộc Trì 107.890 16.268; Tả Trạch 107.645 16.315
Hương Điền 107.440 16.475; Phong Mỹ 107.290 16.530; Phò Trạch 107.362 16.580; Phong Hải 107.490 16.655
Sịa 107.508 16.576; Quảng Ngạn 107.545 16.622; Thuận An 107.643 16.548; Phú Đa 107.715 16.437
Vinh Thanh 107.805 16.437; Vinh Hiền 107.895 16.363; Phú Bài 107.693 16.400; Dương Hòa 107.635 16.340
Lộc An 107.760 16.340; Hồ Truồi 107.765 16.268; Thừa Lưu 107.980 16.270; Chân Mây 108.005 16.308
Lăng Cô 108.078 16.244; Thượng Lộ 107.790 16.120; Thượng Quảng 107.640 16.150
Hương Nguyên 107.520 16.165; A Roàng 107.390 16.100; Hồng Vân 107.147 16.366; Rào Trăng 107.330 16.420
Bốt Đỏ 107.420 16.308; Hương Phú 107.720 16.205; Phong Sơn 107.413 16.510
"""
"""Name, longitude, latitude."""


class Gauge(NamedTuple):
    """A river gauge, its alarm levels where they are published, and how its water moves in the sample.

    ``peak_m`` is the flood's highest stage, ``peak_at`` its time in Huế; ``tide_m`` is the
    amplitude of the tide at low water, ``mean_m`` the stage before the flood.
    """

    code: str
    name: str
    river: str
    lon: float
    lat: float
    alarms_m: tuple[float, float, float] | None
    basin: str
    mean_m: float
    peak_m: float
    peak_at: str
    tide_m: float = 0.0


GAUGES = (
    Gauge(
        "kim-long",
        "Kim Long",
        "Sông Hương",
        107.560,
        16.4578,
        (1.0, 2.0, 3.5),
        "Bình Điền, Tả Trạch, Nam Đông, Thượng Nhật, Hương Nguyên, Dương Hòa",
        0.30,
        5.05,
        "2025-10-27T20:00",
        0.05,
    ),
    Gauge(
        "phu-oc",
        "Phú Ốc",
        "Sông Bồ",
        107.478,
        16.532,
        (1.5, 3.0, 4.5),
        "Tà Lương, Hương Điền, Rào Trăng, Bốt Đỏ, Phong Sơn",
        0.32,
        5.25,
        "2025-10-27T14:00",
    ),
    Gauge(
        "thuong-nhat",
        "Thượng Nhật",
        "Sông Tả Trạch",
        107.684,
        16.125,
        None,
        "Thượng Nhật, Thượng Lộ, Nam Đông, Bạch Mã",
        0.45,
        6.10,
        "2025-10-27T12:00",
    ),
    Gauge(
        "binh-dien",
        "Bình Điền",
        "Sông Hữu Trạch",
        107.515,
        16.335,
        None,
        "Bình Điền, Hương Nguyên, A Roàng, Bốt Đỏ",
        0.40,
        7.20,
        "2025-10-27T15:00",
    ),
    Gauge(
        "cau-truoi",
        "Cầu Truồi",
        "Sông Truồi",
        107.776,
        16.320,
        None,
        "Truồi, Hồ Truồi, Bạch Mã, Lộc An",
        0.30,
        3.90,
        "2025-10-27T10:00",
        0.04,
    ),
    Gauge(
        "phuoc-tich",
        "Phước Tích",
        "Sông Ô Lâu",
        107.362,
        16.640,
        None,
        "Phong Mỹ, Phò Trạch, Rào Trăng",
        0.35,
        4.20,
        "2025-10-27T17:00",
    ),
    Gauge(
        "loi-nong",
        "Lợi Nông",
        "Sông An Cựu",
        107.668,
        16.430,
        None,
        "Huế, Kim Long, Dương Hòa, Bình Điền",
        0.25,
        3.60,
        "2025-10-27T22:00",
        0.05,
    ),
    Gauge(
        "cau-nong",
        "Cầu Nong",
        "Sông Nông",
        107.737,
        16.365,
        None,
        "Lộc An, Phú Bài, Hồ Truồi",
        0.30,
        3.20,
        "2025-10-27T11:00",
        0.03,
    ),
    Gauge(
        "thao-long",
        "Thảo Long",
        "Sông Hương",
        107.600,
        16.546,
        None,
        "Kim Long, Phú Ốc, Huế, Thuận An",
        0.15,
        2.10,
        "2025-10-27T22:00",
        0.22,
    ),
    Gauge(
        "ca-cut",
        "Ca Cút",
        "Phá Tam Giang",
        107.578,
        16.571,
        None,
        "Sịa, Thuận An, Quảng Ngạn",
        0.10,
        1.45,
        "2025-10-27T23:00",
        0.25,
    ),
)

WARDS = """
Phú Xuân 107.573 16.476; Kim Long 107.545 16.438; Vỹ Dạ 107.613 16.478; Thuận Hóa 107.588 16.460
Hương An 107.535 16.480; Thủy Xuân 107.580 16.418; An Cựu 107.606 16.443; Phong Điền 107.240 16.490
Phong Phú 107.420 16.700; Phong Dinh 107.390 16.645; Phong Thái 107.400 16.520
Phong Quảng 107.520 16.640; Thuận An 107.640 16.555; Dương Nỗ 107.615 16.520; Mỹ Thượng 107.645 16.505
Phú Bài 107.640 16.310; Thanh Thủy 107.650 16.430; Hương Thủy 107.690 16.410; Hương Trà 107.470 16.490
Hóa Châu 107.580 16.535; Kim Trà 107.530 16.515
"""
COMMUNES = """
Quảng Điền 107.550 16.565; Đan Điền 107.480 16.595; Phú Hồ 107.695 16.480; Phú Vang 107.760 16.410
Phú Vinh 107.790 16.455; Bình Điền 107.480 16.350; A Lưới 2 107.220 16.275; A Lưới 5 107.480 16.190
A Lưới 1 107.160 16.370; A Lưới 3 107.260 16.210; A Lưới 4 107.350 16.140; Phú Lộc 107.900 16.270
Vinh Lộc 107.870 16.365; Hưng Lộc 107.730 16.330; Chân Mây - Lăng Cô 108.030 16.260
Lộc An 107.800 16.270; Khe Tre 107.790 16.140; Nam Đông 107.710 16.100; Long Quảng 107.600 16.100
"""
"""The 21 wards and 19 communes since July 2025: name, longitude and latitude of a place inside."""


class Forest(NamedTuple):
    """A forest zone as a rough outline in WKT degrees; earlier ones take their ground before later ones."""

    name: str
    category: str
    manager: str
    outline: str


FORESTS = (
    Forest(
        "Vườn quốc gia Bạch Mã",
        "special_use",
        "Vườn quốc gia Bạch Mã",
        """POLYGON ((107.74 16.23, 107.80 16.25, 107.88 16.24, 107.92 16.21, 107.89 16.15, 107.86 16.09,
        107.80 16.13, 107.76 16.18, 107.74 16.23))""",
    ),
    Forest(
        "Khu bảo tồn Sao La",
        "special_use",
        "Khu bảo tồn thiên nhiên Sao La",
        """POLYGON ((107.43 16.15, 107.50 16.16, 107.56 16.13, 107.60 16.07, 107.53 16.03, 107.45 16.05,
        107.43 16.15))""",
    ),
    Forest(
        "Khu bảo tồn thiên nhiên Phong Điền",
        "special_use",
        "Khu bảo tồn thiên nhiên Phong Điền",
        """POLYGON ((107.15 16.47, 107.22 16.50, 107.30 16.47, 107.36 16.42, 107.33 16.35, 107.26 16.36,
        107.19 16.39, 107.15 16.47))""",
    ),
    Forest(
        "Rừng phòng hộ Sông Bồ",
        "protection",
        "Ban quản lý rừng phòng hộ Sông Bồ",
        """POLYGON ((107.36 16.46, 107.43 16.46, 107.47 16.40, 107.45 16.33, 107.38 16.32, 107.34 16.36,
        107.36 16.46))""",
    ),
    Forest(
        "Rừng phòng hộ A Lưới",
        "protection",
        "Ban quản lý rừng phòng hộ A Lưới",
        """POLYGON ((107.25 16.34, 107.33 16.30, 107.38 16.22, 107.41 16.13, 107.36 16.14, 107.30 16.22,
        107.26 16.27, 107.25 16.34))""",
    ),
    Forest(
        "Rừng phòng hộ Sông Hương",
        "protection",
        "Ban quản lý rừng phòng hộ Sông Hương",
        """POLYGON ((107.50 16.27, 107.58 16.29, 107.63 16.25, 107.62 16.18, 107.54 16.18, 107.49 16.22,
        107.50 16.27))""",
    ),
    Forest(
        "Rừng phòng hộ Hương Thủy",
        "protection",
        "Ban quản lý rừng phòng hộ Hương Thủy",
        """POLYGON ((107.63 16.33, 107.70 16.31, 107.73 16.26, 107.69 16.22, 107.64 16.26, 107.62 16.30,
        107.63 16.33))""",
    ),
    Forest(
        "Rừng phòng hộ Nam Đông",
        "protection",
        "Ban quản lý rừng phòng hộ Nam Đông",
        """POLYGON ((107.66 16.12, 107.72 16.13, 107.79 16.10, 107.77 16.05, 107.70 16.02, 107.65 16.05,
        107.66 16.12))""",
    ),
    Forest(
        "Rừng phòng hộ Bắc Hải Vân",
        "protection",
        "Ban quản lý rừng phòng hộ Bắc Hải Vân",
        """POLYGON ((107.95 16.25, 108.02 16.25, 108.06 16.21, 108.13 16.21, 108.18 16.205, 108.12 16.19,
        108.05 16.195, 107.96 16.21, 107.95 16.25))""",
    ),
    Forest(
        "Rừng trồng Phong Điền",
        "production",
        "Công ty Lâm nghiệp Phong Điền",
        """POLYGON ((107.28 16.57, 107.36 16.54, 107.41 16.51, 107.40 16.47, 107.33 16.48, 107.27 16.52,
        107.28 16.57))""",
    ),
    Forest(
        "Rừng trồng Hương Trà",
        "production",
        "Hạt Kiểm lâm Hương Trà",
        """POLYGON ((107.45 16.48, 107.51 16.46, 107.53 16.41, 107.51 16.37, 107.47 16.39, 107.44 16.44,
        107.45 16.48))""",
    ),
    Forest(
        "Rừng trồng Tiền Phong",
        "production",
        "Công ty Lâm nghiệp Tiền Phong",
        """POLYGON ((107.585 16.41, 107.65 16.40, 107.69 16.37, 107.67 16.34,
        107.61 16.37, 107.585 16.41))""",
    ),
    Forest(
        "Rừng trồng Nam Hòa",
        "production",
        "Công ty Lâm nghiệp Nam Hòa",
        """POLYGON ((107.53 16.35, 107.59 16.36, 107.62 16.33, 107.60 16.29, 107.55 16.30, 107.53 16.35))""",
    ),
    Forest(
        "Rừng trồng Phú Lộc",
        "production",
        "Công ty Lâm nghiệp Phú Lộc",
        """POLYGON ((107.74 16.30, 107.78 16.28, 107.83 16.265, 107.90 16.26, 107.92 16.24, 107.84 16.245,
        107.77 16.25, 107.74 16.30))""",
    ),
    Forest(
        "Rừng trồng Khe Tre",
        "production",
        "Hạt Kiểm lâm Nam Đông",
        """POLYGON ((107.66 16.20, 107.72 16.21, 107.75 16.18, 107.73 16.14, 107.67 16.14, 107.66 16.20))""",
    ),
)


class Place(NamedTuple):
    """A name with its longitude and latitude in degrees."""

    name: str
    lon: float
    lat: float


def places(text: str) -> list[Place]:
    """Read ``name lon lat`` entries divided by semicolons or lines."""
    found = []
    for entry in text.replace("\n", ";").split(";"):
        if entry.strip():
            name, lon, lat = entry.strip().rsplit(" ", 2)
            found.append(Place(name, float(lon), float(lat)))
    return found
