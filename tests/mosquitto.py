"""A real MQTT broker for the tests alone: own folder, own password, a port that nobody else uses."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

PASSWORD = "a password of the tests"  # noqa: S105 - opens a broker of these tests alone


class Broker:
    """Mosquitto, ended by the number of its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        assert self._program, "mosquitto is not installed; run scripts/setup --test"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        passwords = folder / "passwords"
        for number, name in enumerate(("huegis", "station")):
            create = ["-c"] if number == 0 else []
            subprocess.run(["mosquitto_passwd", *create, "-b", str(passwords), name, PASSWORD], check=True)
        (folder / "rights").write_text("user huegis\ntopic readwrite hue/#\nuser station\ntopic write #\n")

    def start(self) -> None:
        """Start it; on another port where somebody took the one that was free a moment ago."""
        for _ in range(5):
            if self.port == 0:
                with socket.socket() as free:
                    free.bind(("127.0.0.1", 0))
                    self.port = free.getsockname()[1]
            self._process = subprocess.Popen([str(self._program), "-c", str(self._configured())])
            if self._answers():
                return
            self.port = 0
        raise RuntimeError("mosquitto did not start")

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def publish(
        self, *messages: tuple[str, str | bytes], retain: bool = False, name: str = "station"
    ) -> None:
        """Publish messages, and wait until the broker has all of them."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(name, PASSWORD)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            for sent in [client.publish(topic, payload, qos=1, retain=retain) for topic, payload in messages]:
                sent.wait_for_publish(30)
                assert sent.is_published()
        finally:
            client.disconnect()
            client.loop_stop()

    def _configured(self) -> Path:
        file = self._folder / "mosquitto.conf"
        file.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\nuser root\n"
            f"password_file {self._folder}/passwords\nacl_file {self._folder}/rights\n"
            f"persistence true\npersistence_location {self._folder}/\n"
            f"log_dest file {self._folder}/log\nlog_type all\nmax_queued_messages 0\n"
        )
        return file

    def _answers(self) -> bool:
        """Whether it is this broker that answers: no other knows the password."""
        assert self._process is not None
        deadline = time.monotonic() + 30
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                return self._knows_the_password()
            except ConnectionRefusedError:
                time.sleep(0.02)
        return False

    def _knows_the_password(self) -> bool:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set("station", PASSWORD)
        answered = Event()
        codes: list[bool] = []

        def on_connect(*said: Any) -> None:
            codes.append(not said[3].is_failure)
            answered.set()

        client.on_connect = on_connect
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            return answered.wait(10) and codes[0]
        finally:
            client.disconnect()
            client.loop_stop()


@contextmanager
def broker_in(folder: Path) -> Iterator[Broker]:
    broker = Broker(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
