"""Every text of the pages, in Vietnamese and English."""

from __future__ import annotations

from gis_core.time import Window, local_text
from gis_core.types import Text
from layers.raster import SurfaceRecord
from maps.words import fill, number, same

# The frame
SERVICE = Text("GIS Huế", "Huế GIS")
TAGLINE = Text(
    "Bản đồ và dữ liệu không gian mở của thành phố Huế (tỉnh Thừa Thiên-Huế trước 2025)",
    "Open maps and geodata of the city of Huế (until 2025 the province Thừa Thiên-Huế)",
)
SIMULATED = Text("DỮ LIỆU MÔ PHỎNG", "SIMULATED DATA")
SIMULATED_LONG = Text(
    "Các dòng được đánh dấu do máy tạo ra để giới thiệu, không phải quan trắc thật.",
    "Rows marked so were generated to show the service; they are not observations.",
)
TO_PORTAL = Text("Trang chủ", "Home")
SKIP = Text("Tới nội dung chính", "Skip to the content")
LEGEND = Text("Chú giải", "Legend")
TIME_SHOWN = Text("Thời điểm hiển thị", "Time shown")
LOCAL_TIME = Text("giờ Việt Nam", "Vietnam time")
NO_TIME = Text("chưa có dữ liệu", "no data yet")
LATEST = Text("Mới nhất", "Latest")
SHOW_AT = Text("Xem lúc", "Show at")
SHOW_WINDOW = Text("Khoảng thời gian", "Stretch of time")
MAP_DEFAULT = Text("mặc định", "default")
SHOW = Text("Xem", "Show")
MAP_OF = Text("Bản đồ tương tác", "Interactive map")
NAVIGATION = Text("Các bản đồ", "Maps")
LANGUAGE = Text("Ngôn ngữ", "Language")
ZOOM_IN = Text("Phóng to", "Zoom in")
ZOOM_OUT = Text("Thu nhỏ", "Zoom out")
LAYERS = Text("Các lớp bản đồ", "Map layers")
CLOSE = Text("Đóng", "Close")

WINDOWS: tuple[tuple[str, Text], ...] = (
    ("1h", Text("1 giờ", "1 hour")),
    ("6h", Text("6 giờ", "6 hours")),
    ("24h", Text("24 giờ", "24 hours")),
    ("3d", Text("3 ngày", "3 days")),
    ("7d", Text("7 ngày", "7 days")),
    ("14d", Text("14 ngày", "14 days")),
)

# The maps
FIRE = Text("Cháy rừng và đốt rơm rạ", "Forest fires and straw burning")
FIRE_LEAD = Text(
    "Điểm nhiệt do camera và vệ tinh phát hiện, theo trạng thái xác minh và tuổi, trên nền các khu rừng.",
    "Hotspots seen by cameras and satellites, by verification status and age, over the forest zones.",
)
TRAFFIC = Text("Mật độ giao thông", "Traffic density")
TRAFFIC_LEAD = Text(
    "Mật độ phương tiện trên từng đoạn đường mà camera nhìn thấy, và bề mặt mật độ phương tiện.",
    "Vehicle density on every road segment that a camera sees, and the vehicle-density surface.",
)
FLOOD = Text("Ngập lụt", "Floods")
FLOOD_LEAD = Text(
    "Nguy cơ ngập, mực nước sông so với báo động, mưa tại các trạm và độ sâu tại các điểm theo dõi.",
    "Flood risk, river stage against the alarm levels, rain at the stations and depth at the watched spots.",
)
ALL = Text("Tất cả các lớp", "All layers")
ALL_LEAD = Text(
    "Mọi lớp dữ liệu của tỉnh theo kiểu vẽ riêng; bật và tắt trong hộp chọn lớp.",
    "Every layer of the province in its own style; switch them in the layer control.",
)
MAP_TITLES = {"fire": FIRE, "traffic": TRAFFIC, "flood": FLOOD, "all": ALL}

# Lines of popups and headings of tables
DETECTED_AT = Text("Phát hiện lúc", "Detected at")
OBSERVED_AT = Text("Quan trắc lúc", "Observed at")
AGE = Text("Tuổi", "Age")
STATUS = Text("Trạng thái", "Status")
CLASS_NAME = Text("Lớp nhận dạng", "Detector's class")
SOLUTIONS = Text("Giải pháp AI", "AI solution")
CONFIDENCE = Text("Độ tin cậy", "Confidence")
RADIATIVE_POWER = Text("Công suất bức xạ", "Radiative power")
POSITION_ERROR = Text("Sai số vị trí (95 %)", "Position error (95 %)")
POSITION_ELLIPSE = Text("Elip sai số vị trí 95 %", "95 % error ellipse of the position")
CAMERA = Text("Camera", "Camera")
CAMERAS = Text("Số camera", "Cameras")
STEWARD = Text("Cơ quan phụ trách", "Steward agency")
ORIGIN = Text("Nguồn", "Origin")
HOTSPOTS = Text("Điểm nhiệt", "Hotspots")
COUNT = Text("Số lượng", "Count")
DENSITY = Text("Mật độ", "Density")
DENSITY_UNIT = Text("Mật độ trên đoạn đường (xe/km)", "Density by road segment (veh/km)")
SEGMENT_DENSITY = Text("Mật độ theo đoạn đường", "Density by road segment")
VEH_KM = Text("xe/km", "veh/km")
CARS_PER_LANE = Text("Quy đổi trên làn", "Passenger cars per lane")
LEVEL_OF_SERVICE = Text("Mức phục vụ (HCM)", "Level of service (HCM)")
LEVEL_OF_SERVICE_SHORT = Text("Mức", "LOS")
VEHICLES_COUNTED = Text("Lượt xe đếm được", "Vehicles counted")
FRAMES = Text("Khung hình phân tích", "Frames analysed")
SEEN_LENGTH = Text("Chiều dài quan sát", "Length seen")
SEEN_PART = Text("Phần đoạn đường nhìn thấy", "Part of the segment seen")
STANDARD_ERROR = Text("Sai số chuẩn", "Standard error")
ORIGIN = Text("Số liệu từ đâu?", "Where do the numbers come from?")
ORIGIN_NONE = Text(
    "Không camera nào quan sát trong khoảng thời gian này.", "No camera looked in this window."
)
ORIGIN_CAMERA = Text(
    "{camera}: {detections} phát hiện trong {frames} khung hình của {hours} giờ",
    "{camera}: {detections} detections in {frames} frames of {hours} hours",
)
ORIGIN_FAILED = Text("Không đọc được nguồn số liệu.", "The origin cannot be read.")
ROAD_NUMBER = Text("Số hiệu đường", "Road number")
ROAD_CLASS = Text("Cấp đường", "Road class")
LANES = Text("Số làn", "Lanes")
CORRIDOR = Text("Hành lang", "Corridor")
GATEWAY = Text("Cửa ngõ thành phố", "Gateway of the city")
SEGMENT = Text("Đoạn đường", "Segment")
DENSEST = Text("Đông nhất", "Densest")
UNNAMED_ROAD = Text("Đường không tên", "Unnamed road")
NOT_OBSERVED = Text("Không quan sát", "Not observed")
NOT_OBSERVED_LONG = Text("Không có camera quan sát", "No camera sees it")
GAUGES = Text("Mực nước sông", "River stage")
STAGE = Text("Mực nước", "Stage")
RIVER = Text("Sông", "River")
DATUM = Text("Mốc độ cao", "Datum")
ALARMS = (
    Text("Báo động I", "Alarm level I"),
    Text("Báo động II", "Alarm level II"),
    Text("Báo động III", "Alarm level III"),
)
ALARM_LEVELS = (
    Text("Dưới báo động I", "Below alarm level I"),
    Text("Từ báo động I", "Alarm level I"),
    Text("Từ báo động II", "Alarm level II"),
    Text("Từ báo động III", "Alarm level III"),
)
NO_ALARMS = Text("Không quy định báo động", "No alarm levels")
HOURS_REPORTED = Text("Số giờ có số liệu", "Hours reported")
ELEVATION = Text("Cao độ", "Elevation")
STATION = Text("Trạm", "Station")
SPOT = Text("Điểm ngập", "Flood spot")
LAST_DEPTH = Text("Độ sâu gần nhất", "Last depth")
SPOT_DEPTHS = Text("Độ sâu tại điểm ngập", "Depth at flood spots")
WETTEST = Text("Mưa nhiều nhất", "Most rain")
MILLIMETRES = Text("mm", "mm")
NO_REPORT = Text("Không có số liệu", "No report")
OTHERS = Text("Khác", "Other")
YES = Text("có", "yes")
NO = Text("không", "no")

# Codes that the tables and the detectors use
CODES = {
    "active": Text("đang hoạt động", "active"),
    "maintenance": Text("đang bảo trì", "under maintenance"),
    "offline": Text("ngừng hoạt động", "offline"),
    "observed": Text("đã ghi nhận", "observed"),
    "suspected": Text("nghi ngờ", "suspected"),
    "verified": Text("đã xác minh", "verified"),
    "refuted": Text("đã bác bỏ", "refuted"),
    "resolved": Text("đã xử lý xong", "resolved"),
    "ward": Text("phường", "ward"),
    "commune": Text("xã", "commune"),
    "residential": Text("Đường khu dân cư", "Residential road"),
    "unclassified": Text("Đường chưa phân cấp", "Unclassified road"),
    "service": Text("Đường nội bộ", "Service road"),
    "other": Text("Khác", "Other"),
    "bicycle": Text("xe đạp", "bicycle"),
    "motorcycle": Text("xe máy", "motorcycle"),
    "car": Text("ô tô con", "car"),
    "minibus": Text("xe khách nhỏ", "minibus"),
    "bus": Text("xe buýt, xe khách", "bus"),
    "truck": Text("xe tải", "truck"),
    "smoke": Text("khói", "smoke"),
    "fire": Text("lửa", "fire"),
    "hotspot": Text("điểm nhiệt", "hotspot"),
    "flood_water": Text("nước ngập", "flood water"),
}

# What is missing
NO_HOTSPOTS = Text(
    "Không có điểm nhiệt nào trong khoảng thời gian này.", "There is no hotspot in this stretch of time."
)
NO_VEHICLES = Text(
    "Không camera nào báo phương tiện trong khoảng thời gian này, nên chưa tính được mật độ.",
    "No camera reported a vehicle in this stretch of time, so there is no density to show.",
)
NO_OBSERVATIONS = Text("Chưa có quan trắc mưa hay mực nước nào.", "No rain or stage has been observed yet.")
EMPTY = Text(
    "Cơ sở dữ liệu còn trống; nạp dữ liệu bằng lệnh “huegis layers load”.",
    "The database is empty; load data with “huegis layers load”.",
)

# The portal
PORTAL_TITLE = Text("Bản đồ số thành phố Huế", "The city of Huế on the map")
PORTAL_LEAD = Text(
    "Camera, trạm mưa, trạm thủy văn và vệ tinh của tỉnh được đưa vào một cơ sở dữ liệu chung theo chuẩn mở, "
    "rồi hiện ra thành bản đồ cháy rừng, giao thông và ngập lụt.",
    "The province's cameras, rain stations, river gauges and satellites feed one database to open standards, "
    "and come out as maps of fire, traffic and floods.",
)
LATEST_DATA = Text("Số liệu mới nhất", "Latest data")
ALERTS = Text("Sông trên mức báo động", "Rivers above their alarm levels")
VERIFIED_7_DAYS = Text("vụ cháy đã xác minh trong 7 ngày", "verified fires in 7 days")
SUSPECTED_7_DAYS = Text("điểm nghi cháy trong 7 ngày", "suspected fires in 7 days")
CAMERAS_ON_ROADS = Text("camera đang theo dõi đường", "cameras watching roads")
GAUGES_ABOVE_ALARM = Text("trạm trên mức báo động", "gauges above an alarm level")
MOST_RAIN_24_H = Text("mưa lớn nhất trong 24 giờ", "most rain in 24 hours")
LAYER_COUNT = Text("lớp dữ liệu", "layers")
SURFACE_COUNT = Text("bề mặt tính toán", "computed surfaces")
NO_NUMBER = Text("–", "–")
FOR_GIS = Text("Dành cho cán bộ GIS", "For GIS staff")
QGIS = Text("Kết nối QGIS", "Connect QGIS")
QGIS_HOW = Text(
    "Trong QGIS: Lớp → Thêm lớp → Thêm lớp WFS / OGC API – Features → Mới, rồi dán địa chỉ này.",
    "In QGIS: Layer → Add Layer → Add WFS / OGC API – Features Layer → New, then paste this address.",
)
COPY = Text("Chép", "Copy")
COPIED = Text("Đã chép", "Copied")
OGC_HOW = Text("trang mở đầu của API", "the landing page of the API")
COLLECTIONS = Text("Bộ sưu tập dữ liệu", "Collections")
COLLECTIONS_HOW = Text("mọi lớp và bề mặt, kèm mô tả", "every layer and surface, described")
OPENAPI = Text("Tài liệu OpenAPI", "OpenAPI document")
OPENAPI_HOW = Text("mọi lời gọi, thử ngay trên trang", "every call, to be tried on the page")
CONFORMANCE = Text("Các chuẩn được tuân theo", "Conformance")
CONFORMANCE_HOW = Text("những chuẩn OGC mà dịch vụ tuân theo", "the OGC standards that the service keeps")
COVERAGE = Text("Bề mặt dạng coverage", "Surface as a coverage")
HEALTH = Text("Tình trạng dịch vụ", "Health of the service")
HEALTH_HOW = Text("cơ sở dữ liệu và các bề mặt", "the database and the surfaces")
DICTIONARY = Text("Từ điển dữ liệu", "Data dictionary")
DICTIONARY_HOW = Text("ý nghĩa, đơn vị của từng cột", "what every column means, and its unit")
DICTIONARY_LEAD = Text(
    "Ý nghĩa, kiểu, đơn vị, giới hạn và giá trị cho phép của từng cột trong mọi lớp và bề mặt.",
    "Meaning, type, unit, limits and allowed values of every column of every layer and surface.",
)
DOWNLOAD = Text("Tải về", "Download")
COLUMN = Text("Cột", "Column")
MEANING = Text("Ý nghĩa", "Meaning")
TYPE = Text("Kiểu", "Type")
UNIT = Text("Đơn vị", "Unit")
LIMITS = Text("Giới hạn", "Limits")
VALUES = Text("Giá trị cho phép", "Allowed values")
WHAT_IS_HERE = Text("Dữ liệu hiện có", "What is here")
LAYER = Text("Lớp", "Layer")
ROWS = Text("Số dòng", "Rows")
ABOUT = Text("khoảng", "about")
SURFACE = Text("Bề mặt", "Surface")
VALID_FOR = Text("Số liệu của", "Data of")
BUILT_AT = Text("Tính lúc", "Computed at")
NOT_BUILT = Text("chưa tính", "not built yet")
MARK = Text("mô phỏng", "simulated")
MARKING = Text("Loại", "Kind")
REAL = Text("quan trắc", "observed")
PROBLEM = Text("Chưa đọc được dữ liệu", "The data cannot be read")


def code(value: str) -> Text | str:
    """What a code means; one that is not known says itself."""
    return CODES.get(value, value)


def window_text(window: Window) -> Text:
    """From when to when."""
    return same(f"{local_text(window.start)} – {local_text(window.end)}")


def surface_missing(title: Text) -> Text:
    """That a surface has not been built."""
    return fill(
        Text(
            "Bề mặt “{title}” chưa được tính; chạy lệnh “huegis surfaces build”.",
            "The surface “{title}” has not been built yet; run “huegis surfaces build”.",
        ),
        title=title,
    )


def surface_built(title: Text, record: SurfaceRecord, *, of_another_time: bool) -> Text:
    """For which time a surface was computed, and when."""
    caution = Text(
        " Số liệu không cùng thời gian với bản đồ nên bề mặt chưa được bật.",
        " It is not of the time shown, so it is not switched on.",
    )
    return fill(
        Text(
            "Bề mặt “{title}”: số liệu {window}, tính lúc {built}.{caution}",
            "Surface “{title}”: data of {window}, computed at {built}.{caution}",
        ),
        title=title,
        caution=caution if of_another_time else "",
        window=window_text(record.window),
        built=local_text(record.built_at),
    )


def limited(what: Text, shown: int, total: int) -> Text:
    """That not all is on the map."""
    return fill(
        Text("{what}: hiển thị {shown} trong {total}.", "{what}: {shown} of {total} are shown."),
        what=what,
        shown=number(shown),
        total=number(total),
    )


def segments_observed(seen: int, total: int) -> Text:
    """How much of the network is observed."""
    return fill(
        Text(
            "Camera quan sát {seen} trong {total} đoạn đường; "
            "các đoạn còn lại vẽ màu xám (không phải bằng không).",
            "Cameras see {seen} of {total} segments; the others are grey, which does not mean zero.",
        ),
        seen=number(seen),
        total=number(total),
    )


def vehicles_per_km(density: Text) -> Text:
    """A density with its unit."""
    return fill(Text("{n} xe/km", "{n} veh/km"), n=density)


def rain_in(window: Window | None) -> Text:
    """Rain in the hours of the window."""
    hours = 24 if window is None else round(window.duration_s / 3600)
    return fill(Text("Mưa {h} giờ (mm)", "Rain in {h} hours (mm)"), h=str(hours))


def gauge(name: str, stage: Text, level: int, difference: Text, *, above: bool) -> Text:
    """A gauge and how far it stands above the alarm level that it reached, or below the first."""
    if above:
        template = Text(
            "{name} {stage} m – trên BĐ{level} {d} m", "{name} {stage} m – {d} m above alarm {level}"
        )
    else:
        template = Text(
            "{name} {stage} m – dưới BĐ{level} {d} m", "{name} {stage} m – {d} m below alarm {level}"
        )
    return fill(template, name=name, stage=stage, level=str(level), d=difference)


def gauge_without_alarms(name: str, stage: Text) -> Text:
    """A gauge that has no alarm levels."""
    return fill(Text("{name} {stage} m", "{name} {stage} m"), name=name, stage=stage)


def gauge_silent(name: str) -> Text:
    """A gauge that reported nothing."""
    return fill(Text("{name} – không có số liệu", "{name} – no report"), name=name)


def of_all(some: int, total: int) -> Text:
    """So many of so many."""
    return same(f"{some}/{total}")


def vehicles_in(window: str) -> Text:
    """What the number of vehicles counts; the window is the settings' own, such as 24h."""
    return Text(f"lượt xe trong {window}", f"vehicles in {window}")
